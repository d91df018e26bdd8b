//! How much a browser has to load before the dashboard runs, and that it stays little.

use std::fmt;

use anyhow::{Result, bail};

use crate::publish::Files;

/// What WebAssembly and JavaScript together may have after brotli, in bytes: some two seconds on a telephone at the far
/// end of a hall, where 2 Mbit/s arrive.
const MAX_BROTLI_BYTES: usize = 450_000;
/// Their names' endings.
const PROGRAM: [&str; 2] = [".wasm", ".js"];

/// The program's bytes as they are and as they are sent.
#[derive(Debug, PartialEq)]
pub(super) struct Sizes {
    raw_bytes: usize,
    brotli_bytes: usize,
}

/// The sizes of the WebAssembly and JavaScript among published files, small files counted as they are.
pub(super) fn of_program(files: &Files) -> Sizes {
    let program = files.iter().filter(|(name, _)| PROGRAM.iter().any(|ending| name.ends_with(ending)));
    let mut sizes = Sizes { raw_bytes: 0, brotli_bytes: 0 };
    for (name, content) in program {
        sizes.raw_bytes += content.len();
        sizes.brotli_bytes += files.get(&format!("{name}.br")).unwrap_or(content).len();
    }
    sizes
}

impl Sizes {
    /// Fails when there is more than may be.
    pub(super) fn check(&self) -> Result<()> {
        if self.brotli_bytes > MAX_BROTLI_BYTES {
            bail!(
                "the dashboard's WebAssembly and JavaScript have {} bytes after brotli, and {MAX_BROTLI_BYTES} are \
                 allowed: find what made them grow (a dependency, most often) or do without it",
                self.brotli_bytes
            );
        }
        Ok(())
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kb = |bytes: usize| bytes as f64 / 1_000.0;
        write!(
            formatter,
            "WebAssembly and JavaScript: {:.1} kB, {:.1} kB with brotli (at most {:.0} kB)",
            kb(self.raw_bytes),
            kb(self.brotli_bytes),
            kb(MAX_BROTLI_BYTES)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_counted_as_it_is_sent_and_nothing_else_is() {
        let files = [("a.wasm", 900), ("a.wasm.br", 300), ("a.wasm.gz", 400), ("b.js", 100), ("c.css", 7)];
        let files = files.map(|(name, bytes)| (name.to_owned(), vec![0; bytes]));
        let sizes = of_program(&Files::from(files));
        assert_eq!(sizes, Sizes { raw_bytes: 1_000, brotli_bytes: 400 });
        assert_eq!(
            sizes.to_string(),
            "WebAssembly and JavaScript: 1.0 kB, 0.4 kB with brotli (at most 450 kB)"
        );
    }

    #[test]
    fn a_program_that_has_grown_too_large_is_refused() {
        let of = |brotli_bytes| Sizes { raw_bytes: 2_000_000, brotli_bytes }.check();
        of(MAX_BROTLI_BYTES).unwrap();
        let error = of(MAX_BROTLI_BYTES + 1).unwrap_err().to_string();
        assert!(error.starts_with("the dashboard's WebAssembly and JavaScript have 450001 bytes"), "{error}");
    }
}
