//! Compressed copies of files, as small as they get: they are made once and sent many times.

use std::io::Write;

use anyhow::Result;
use brotli::enc::{BrotliEncoderParams, backward_references::BrotliEncoderMode};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::Files;

/// A way to compress, and the ending of its copies' names.
struct Format {
    ending: &'static str,
    compress: fn(&[u8]) -> Result<Vec<u8>>,
}

const FORMATS: [Format; 2] =
    [Format { ending: "br", compress: brotli }, Format { ending: "gz", compress: gzip }];

/// The quality that compresses best.
const BROTLI_QUALITY: i32 = 11;
/// The window that sees back furthest while every browser can read it: 16 MiB.
const BROTLI_WINDOW_BITS: i32 = 24;

/// What the content is taken for. WebAssembly is like a font: most of it is small numbers in a fixed order.
const BROTLI_MODES: [BrotliEncoderMode; 2] =
    [BrotliEncoderMode::BROTLI_MODE_GENERIC, BrotliEncoderMode::BROTLI_MODE_FONT];

/// The files with a copy of each in each format that makes it smaller. What `existing` has of the same content is taken
/// from there, because compressing takes seconds.
pub(super) fn with_copies(files: Files, existing: &Files) -> Result<Files> {
    let mut copies = Files::new();
    for (name, content) in &files {
        let is_the_same = existing.get(name) == Some(content);
        for format in FORMATS {
            let copy_name = format!("{name}.{}", format.ending);
            let copy = match existing.get(&copy_name) {
                Some(copy) if is_the_same => copy.clone(),
                _ => (format.compress)(content)?,
            };
            if copy.len() < content.len() {
                copies.insert(copy_name, copy);
            }
        }
    }
    copies.extend(files);
    Ok(copies)
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let [one, other] = BROTLI_MODES.map(|mode| brotli_as(mode, content));
    let (one, other) = (one?, other?);
    Ok(if other.len() < one.len() { other } else { one })
}

fn brotli_as(mode: BrotliEncoderMode, content: &[u8]) -> Result<Vec<u8>> {
    let settings = BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW_BITS,
        size_hint: content.len(),
        mode,
        ..BrotliEncoderParams::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut compressed, &settings)?;
    Ok(compressed)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn files(pairs: &[(&str, &str)]) -> Files {
        pairs.iter().map(|(name, content)| ((*name).to_owned(), content.as_bytes().to_vec())).collect()
    }

    #[test]
    fn what_compresses_gets_copies_and_what_does_not_gets_none() {
        let published = files(&[("long.css", &"a".repeat(1000)), ("short.css", "a")]);
        let copied = with_copies(published, &Files::new()).unwrap();
        assert_eq!(
            copied.keys().collect::<Vec<_>>(),
            ["long.css", "long.css.br", "long.css.gz", "short.css"]
        );
    }

    #[test]
    fn a_copy_is_the_file_again_when_it_is_decompressed() {
        let text = (0..5_000).map(|number: u32| number.to_string()).collect::<String>();
        let copied = with_copies(files(&[("a.js", &text)]), &Files::new()).unwrap();
        let mut from_brotli = Vec::new();
        brotli::BrotliDecompress(&mut &*copied["a.js.br"], &mut from_brotli).unwrap();
        let mut from_gzip = Vec::new();
        flate2::read::GzDecoder::new(&*copied["a.js.gz"]).read_to_end(&mut from_gzip).unwrap();
        assert_eq!((&from_brotli, &from_gzip), (&copied["a.js"], &copied["a.js"]));
    }

    #[test]
    fn only_what_changed_is_compressed_again() {
        let long = "a".repeat(1000);
        let existing = files(&[("a.css", &long), ("a.css.br", "kept"), ("a.css.gz", "kept too")]);
        let same = with_copies(files(&[("a.css", &long)]), &existing).unwrap();
        assert_eq!((&*same["a.css.br"], &*same["a.css.gz"]), (&b"kept"[..], &b"kept too"[..]));
        let changed = with_copies(files(&[("a.css", &"b".repeat(1000))]), &existing).unwrap();
        assert_ne!(changed["a.css.br"], b"kept");
    }
}
