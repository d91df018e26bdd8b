//! A way to PostgreSQL that breaks, or falls silent, when a test wants it to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// How the end of a transaction is told: a query of one word.
const COMMIT: &[u8] = b"COMMIT\0";
/// Of so many pieces of a conversation one breaks off in the middle, while [`Proxy::break_now_and_then`] holds.
const PIECES_PER_BREAK: u32 = 200;
/// Of so many commits one does not arrive, and another one arrives and its answer does not.
const COMMITS_PER_BREAK: u32 = 8;
/// More than any statement of a small batch, so that a piece is mostly a whole one.
const PIECE_BYTES: usize = 64 * 1024;

/// What happens to the next commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommitFate {
    /// The connection is cut and the commit does not arrive.
    Lost,
    /// The commit arrives and is carried out; then the connection is cut and the answer does not arrive.
    Unanswered,
}

/// How often it broke.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Breaks {
    pub(crate) in_the_middle: usize,
    pub(crate) commits_lost: usize,
    pub(crate) commits_unanswered: usize,
}

/// Forwards connections until it is dropped; then all are cut.
pub(crate) struct Proxy {
    address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
    silence: watch::Sender<Silence>,
    _forwarding: JoinSet<()>,
}

/// Which connections are open and pass nothing on.
#[derive(Clone, Copy, Debug, Default)]
struct Silence {
    /// All of them, for the time being.
    is_total: bool,
    /// How many there were so far.
    connections: u64,
    /// The first so many of them, for good.
    forgotten: u64,
}

impl Silence {
    fn spares(&self, connection: u64) -> bool {
        !self.is_total && connection >= self.forgotten
    }
}

struct Plan {
    random: ChaCha8Rng,
    breaks_now_and_then: bool,
    next_commit: Option<CommitFate>,
    breaks: Breaks,
}

/// What happens to one piece.
enum Fate {
    Pass,
    /// So many bytes of it arrive, then the connection is cut.
    BreakAfter(usize),
    /// It arrives, and once it was answered the connection is cut.
    Unanswered,
}

impl Plan {
    fn fate(&mut self, piece: &[u8], is_to_server: bool) -> Fate {
        let is_commit = is_to_server && piece.ends_with(COMMIT);
        let fate = if is_commit { self.next_commit.take().or_else(|| self.chance_of_commit()) } else { None };
        match fate {
            Some(CommitFate::Lost) => {
                self.breaks.commits_lost += 1;
                Fate::BreakAfter(0)
            }
            Some(CommitFate::Unanswered) => {
                self.breaks.commits_unanswered += 1;
                Fate::Unanswered
            }
            None if self.breaks_now_and_then
                && !is_commit
                && self.random.random_range(0..PIECES_PER_BREAK) == 0 =>
            {
                self.breaks.in_the_middle += 1;
                Fate::BreakAfter(self.random.random_range(0..=piece.len()))
            }
            None => Fate::Pass,
        }
    }

    fn chance_of_commit(&mut self) -> Option<CommitFate> {
        if !self.breaks_now_and_then {
            return None;
        }
        match self.random.random_range(0..COMMITS_PER_BREAK) {
            0 => Some(CommitFate::Lost),
            1 => Some(CommitFate::Unanswered),
            _ => None,
        }
    }
}

impl Proxy {
    /// A proxy before the PostgreSQL of a URL that breaks nothing yet. What it does later follows from the seed.
    pub(crate) async fn before(url: &str, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let random = ChaCha8Rng::seed_from_u64(seed);
        let plan = Plan { random, breaks_now_and_then: false, next_commit: None, breaks: Breaks::default() };
        let plan = Arc::new(Mutex::new(plan));
        let silence = watch::Sender::default();
        let mut forwarding = JoinSet::new();
        forwarding.spawn(accept(listener, host(url).to_owned(), plan.clone(), silence.clone()));
        Self { address, plan, silence, _forwarding: forwarding }
    }

    /// The same database by the way of this proxy.
    pub(crate) fn url_of(&self, url: &str) -> String {
        url.replacen(host(url), &self.address.to_string(), 1)
    }

    /// Begins to break pieces and commits at random.
    pub(crate) fn break_now_and_then(&self) {
        self.plan().breaks_now_and_then = true;
    }

    /// Breaks nothing from now on; answers with how often it broke.
    pub(crate) fn break_no_more(&self) -> Breaks {
        let mut plan = self.plan();
        plan.breaks_now_and_then = false;
        plan.breaks
    }

    /// Says what becomes of the next commit.
    pub(crate) fn decide_next_commit(&self, fate: CommitFate) {
        self.plan().next_commit = Some(fate);
    }

    /// Passes nothing on any more, as a network that swallows what it is given. Connections stay open, and new ones too.
    pub(crate) fn fall_silent(&self) {
        self.silence.send_modify(|silence| silence.is_total = true);
    }

    /// Passes on again, also what was said meanwhile.
    pub(crate) fn speak_again(&self) {
        self.silence.send_modify(|silence| silence.is_total = false);
    }

    /// Passes on nothing of the connections that there are, ever again; new ones are served.
    pub(crate) fn forget_connections(&self) {
        self.silence.send_modify(|silence| silence.forgotten = silence.connections);
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().expect("no panic")
    }
}

/// `HOST:PORT` of a URL.
fn host(url: &str) -> &str {
    let (_, after_user) = url.rsplit_once('@').expect("a user");
    after_user.split('/').next().expect("a host")
}

async fn accept(
    listener: TcpListener,
    server: String,
    plan: Arc<Mutex<Plan>>,
    silence: watch::Sender<Silence>,
) {
    let mut connections = JoinSet::new();
    for number in 0.. {
        let (client, _) = listener.accept().await.expect("a connection");
        silence.send_modify(|silence| silence.connections = number + 1);
        let (server, plan, silence) = (server.clone(), plan.clone(), silence.subscribe());
        connections.spawn(async move {
            let Ok(server) = TcpStream::connect(server).await else { return };
            // Whatever ends it, both sides see their connection end.
            forward(client, server, &plan, (number, silence)).await.ok();
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn forward(
    mut client: TcpStream,
    mut server: TcpStream,
    plan: &Mutex<Plan>,
    (number, mut silence): (u64, watch::Receiver<Silence>),
) -> std::io::Result<()> {
    let (mut up, mut down) = (vec![0; PIECE_BYTES], vec![0; PIECE_BYTES]);
    loop {
        let (piece, to, is_to_server) = tokio::select! {
            read = client.read(&mut up) => (&up[..read?], &mut server, true),
            read = server.read(&mut down) => (&down[..read?], &mut client, false),
        };
        // Nobody sees an end either, as long as it lasts.
        silence.wait_for(|silence| silence.spares(number)).await.map_err(std::io::Error::other)?;
        if piece.is_empty() {
            return Ok(());
        }
        let fate = plan.lock().expect("no panic").fate(piece, is_to_server);
        match fate {
            Fate::Pass => to.write_all(piece).await?,
            Fate::BreakAfter(bytes) => return to.write_all(&piece[..bytes]).await,
            Fate::Unanswered => {
                to.write_all(piece).await?;
                return to.read(&mut down).await.map(drop);
            }
        }
    }
}
