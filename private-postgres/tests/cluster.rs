//! A cluster's life, seen through its port.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use private_postgres::{Cluster, Durability, Settings, Shutdown, is_available};
use sqlx::{Connection as _, PgConnection};
use test_harness::until;

/// Set in the process that is to be killed while it owns a cluster.
const OWNER: &str = "PRIVATE_POSTGRES_OWNER";

/// Whether the tests can run; says loudly that they cannot, and does not let that pass where everything must be tested.
fn has_postgres() -> bool {
    let available = is_available();
    if !available {
        // Past the capture of the test's own output.
        writeln!(std::io::stderr(), "THIS TEST OF PRIVATE-POSTGRES DID NOT RUN: PostgreSQL is not installed")
            .ok();
        assert!(std::env::var("CI").as_deref() != Ok("true"), "PostgreSQL must be there where CI=true");
    }
    available
}

async fn connect(cluster: &Cluster) -> PgConnection {
    PgConnection::connect(&cluster.url("postgres")).await.expect("a connection")
}

async fn setting(conn: &mut PgConnection, name: &str) -> String {
    let query = sqlx::query_scalar("SELECT current_setting($1)").bind(name);
    query.fetch_one(conn).await.expect("a setting")
}

async fn value(conn: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(conn).await.expect("a number")
}

#[tokio::test]
async fn committed_rows_survive_a_stop_and_a_kill_at_the_same_address() {
    if !has_postgres() {
        return;
    }
    let mut cluster = Cluster::start().expect("a cluster");
    let url = cluster.url("postgres");
    let mut conn = connect(&cluster).await;
    sqlx::query("CREATE TABLE kept (n bigint)").execute(&mut conn).await.expect("a table");
    for (n, how) in [Some(Shutdown::Fast), Some(Shutdown::Immediate), None].into_iter().enumerate() {
        sqlx::query("INSERT INTO kept VALUES (1)").execute(&mut conn).await.expect("a row");
        match how {
            Some(how) => cluster.stop(how).expect("an end"),
            None => cluster.kill().expect("an end"),
        }
        // The processes behind connections notice a killed postmaster a moment later.
        until(&format!("{how:?}: the end of the connection"), async || {
            sqlx::query("SELECT 1").execute(&mut conn).await.is_err()
        })
        .await;
        until(&format!("{how:?}: a refused connection"), async || PgConnection::connect(&url).await.is_err())
            .await;
        cluster.start_again().expect("a new start");
        assert_eq!(cluster.url("postgres"), url);
        conn = connect(&cluster).await;
        assert_eq!(value(&mut conn, "SELECT count(*) FROM kept").await, n as i64 + 1, "{how:?}");
    }
}

#[tokio::test]
async fn settings_reach_postgresql_and_the_callers_own_win() {
    if !has_postgres() {
        return;
    }
    let settings = Settings {
        durability: Durability::Full,
        max_connections: 17,
        others: vec![("work_mem".into(), "7MB".into()), ("max_connections".into(), "19".into())],
    };
    let durable = Cluster::start_with(&settings).expect("a cluster");
    let quick = Cluster::start().expect("a second cluster beside it");
    let (mut durable, mut quick) = (connect(&durable).await, connect(&quick).await);
    assert_eq!(setting(&mut durable, "work_mem").await, "7MB");
    assert_eq!(setting(&mut durable, "max_connections").await, "19");
    assert_eq!(
        (setting(&mut durable, "fsync").await, setting(&mut quick, "fsync").await),
        ("on".into(), "off".into())
    );
    assert_eq!(setting(&mut quick, "synchronous_commit").await, "on");
    assert_eq!(setting(&mut quick, "listen_addresses").await, "127.0.0.1");
}

#[tokio::test]
async fn text_is_utf8_and_not_in_the_order_of_its_bytes() {
    if !has_postgres() {
        return;
    }
    let cluster = Cluster::start().expect("a cluster");
    let mut conn = connect(&cluster).await;
    assert_eq!(setting(&mut conn, "server_encoding").await, "UTF8");
    // Where neither ICU nor a language were installed there would be no other order; all usual packages bring ICU.
    assert_eq!(value(&mut conn, "SELECT ('a' < 'B')::int::bigint").await, 1);
    assert_eq!(value(&mut conn, "SELECT ('line10' < 'line-2')::int::bigint").await, 1);
    assert_eq!(value(&mut conn, "SELECT ('line10' < 'line-2' COLLATE \"C\")::int::bigint").await, 0);
}

#[tokio::test]
async fn a_dropped_cluster_is_gone_with_its_folder() {
    if !has_postgres() {
        return;
    }
    let cluster = Cluster::start().expect("a cluster");
    let (url, folder) = (cluster.url("postgres"), folder(&cluster).await);
    assert!(folder.exists());
    drop(cluster);
    until("a refused connection", async || PgConnection::connect(&url).await.is_err()).await;
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_cluster_whose_owner_is_killed_ends_and_its_folder_with_it() {
    if !has_postgres() {
        return;
    }
    if std::env::var_os(OWNER).is_some() {
        let cluster = Cluster::start().expect("a cluster");
        println!("owned {} {}", cluster.url("postgres"), folder(&cluster).await.display());
        std::future::pending::<()>().await;
    }
    let mut owner = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "--nocapture", "a_cluster_whose_owner_is_killed_ends_and_its_folder_with_it"])
        .env(OWNER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the owner");
    let output = BufReader::new(owner.stdout.take().expect("a pipe"));
    let owned = output.lines().map_while(Result::ok).find(|line| line.contains("owned ")).expect("an owner");
    let mut words = owned.split_whitespace().skip_while(|word| *word != "owned").skip(1);
    let (url, folder) = (words.next().expect("a URL"), Path::new(words.next().expect("a folder")));
    PgConnection::connect(url).await.expect("a connection").close().await.expect("its end");
    owner.kill().expect("a killed process");
    owner.wait().expect("an ended process");
    until("the end of the cluster", async || !folder.exists() && PgConnection::connect(url).await.is_err())
        .await;
}

/// The temporary folder, above the data's.
async fn folder(cluster: &Cluster) -> PathBuf {
    let data = setting(&mut connect(cluster).await, "data_directory").await;
    Path::new(&data).parent().expect("a folder").to_owned()
}
