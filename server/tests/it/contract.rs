//! The committed schema is the server's.

use std::path::Path;

#[test]
fn the_committed_schema_is_what_the_server_exports() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema.graphql");
    let committed = std::fs::read_to_string(path).expect("schema.graphql at the root of the repository");
    assert!(
        committed == server::graphql::sdl(),
        "schema.graphql is not the schema that the server serves; if the change is meant, write it anew with \
         `cargo run -p server --bin andon -- schema > schema.graphql` and look at the difference"
    );
}
