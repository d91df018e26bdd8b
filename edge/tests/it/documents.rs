//! The examples of docs/EDGE.md: what they print is what the program prints.

use crate::command::andon_edge;

const EDGE: &str = include_str!("../../../docs/EDGE.md");

/// The topic that the document's data came by, where it says one.
const TOPIC: &str = "hall-2/press-4/state";

/// The text of each fenced block of a language, in their order.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let blocks = EDGE.split("\n```").skip(1).step_by(2);
    blocks.map(|block| block.split_once('\n').expect("a block has lines")).collect()
}

#[tokio::test]
async fn every_mapping_that_is_described_makes_of_its_data_the_events_below_it() {
    let blocks = blocks();
    let mut count = 0;
    for three in blocks.windows(3) {
        let [("toml", mapping), ("csv" | "json", data), ("ndjson", events)] = three else { continue };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mapping_file, data_file) = (folder.path().join("mapping.toml"), folder.path().join("data"));
        std::fs::write(&mapping_file, mapping).expect("the mapping is written");
        std::fs::write(&data_file, data).expect("the data is written");
        let [mapping_file, data_file] = [&mapping_file, &data_file].map(|path| path.to_str().expect("text"));
        let tried = ["mapping", mapping_file, "--try", data_file, "--all"];
        let finished = andon_edge(&[&tried[..], &["--topic", TOPIC]].concat(), "").await;
        assert_eq!(finished.stdout.trim_end(), *events, "{mapping}: {finished:?}");
        assert_eq!(finished.code, 0, "{finished:?}");
        count += 1;
    }
    assert_eq!(count, 4, "has the document's format changed?");
}
