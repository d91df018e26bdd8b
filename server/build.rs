//! Lists what `cargo xtask dashboard` and `cargo xtask graphiql` put into target/web, so that the binary carries it. What
//! was not built is an empty list, and the server then says which command builds it.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let web = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../target/web");
    // Cargo runs this script before every build while a watched folder is missing.
    fs::create_dir_all(&web)?;
    println!("cargo::rerun-if-changed={}", web.display());
    println!("cargo::rerun-if-changed=build.rs");

    let mut tables = String::new();
    for (table, folder) in [("DASHBOARD", "dashboard"), ("GRAPHIQL", "graphiql")] {
        writeln!(tables, "static {table}: &[Asset] = &[\n{}];", entries(&web.join(folder))?)?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("assets.rs"), tables)?;
    Ok(())
}

/// The endings of the compressed copies that `cargo xtask` puts beside a file.
const COPIES: [&str; 2] = ["br", "gz"];

/// One `Asset` a line, in the order of their paths; a file's compressed copies belong to the file.
fn entries(folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut files = BTreeMap::new();
    if folder.is_dir() {
        collect(folder, "", &mut files)?;
    }
    let mut entries = String::new();
    let is_copy =
        |file: &Path| file.extension().is_some_and(|ending| COPIES.iter().any(|copy| ending == *copy));
    for (name, file) in files.iter().filter(|(_, file)| !is_copy(file)) {
        let content = included(file)?;
        let [brotli, gzip] = COPIES.map(|ending| match files.get(&format!("{name}.{ending}")) {
            Some(copy) => included(copy).map(|copy| format!("Some({copy})")),
            None => Ok("None".to_owned()),
        });
        let (brotli, gzip, etag) = (brotli?, gzip?, etag(&fs::read(file)?));
        writeln!(
            entries,
            "Asset {{ path: {name:?}, content: {content}, brotli: {brotli}, gzip: {gzip}, etag: {etag:?} }},"
        )?;
    }
    Ok(entries)
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a file's name is not UTF-8")?;
        let name = format!("{prefix}{name}");
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files)?;
        } else {
            files.insert(name, path);
        }
    }
    Ok(())
}

fn included(file: &Path) -> Result<String, Box<dyn Error>> {
    let path = file.canonicalize()?;
    let path = path.to_str().ok_or("the workspace's path is not UTF-8")?;
    Ok(format!("include_bytes!({path:?})"))
}

/// Weak, because the compressed copies have the same one. It only has to differ when the content does.
fn etag(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}
