//! How much a browser has to load before the dashboard runs and before a page of the back office does, and that it stays
//! little.

use std::fmt;

use anyhow::{Result, bail};

use crate::publish::Files;

/// What is loaded at once: WebAssembly and JavaScript together.
struct Bundle {
    name: &'static str,
    /// What it may have after brotli, in bytes.
    max_brotli_bytes: usize,
    has: fn(&str) -> bool,
}

const BUNDLES: [Bundle; 3] = [
    // Some two seconds on a telephone at the far end of a hall, where 2 Mbit/s arrive.
    Bundle {
        name: "First page",
        max_brotli_bytes: 400_000,
        has: |name| !is_back_office(name) && !is_elsewhere(name),
    },
    Bundle { name: "Back office", max_brotli_bytes: 450_000, has: is_back_office },
    // Beside the first page, where it is on another site than its server.
    Bundle { name: "On another site", max_brotli_bytes: 1_000, has: is_elsewhere },
];
/// The endings of the names of what is run.
const RUN: [&str; 2] = [".wasm", ".js"];

fn is_back_office(name: &str) -> bool {
    name.ends_with("/back_office.wasm")
}

fn is_elsewhere(name: &str) -> bool {
    name.ends_with("/elsewhere.js")
}

/// Prints the size of every bundle among published files, and fails when one has more than it may.
pub(super) fn check(files: &Files) -> Result<()> {
    let sizes = BUNDLES.map(|bundle| Size::of(bundle, files));
    for size in &sizes {
        eprintln!("{size}");
    }
    sizes.iter().try_for_each(Size::check)
}

/// A bundle's bytes as they are and as they are sent.
struct Size {
    bundle: Bundle,
    raw_bytes: usize,
    brotli_bytes: usize,
}

impl Size {
    /// Small files have no copy and are counted as they are.
    fn of(bundle: Bundle, files: &Files) -> Self {
        let is_run = |name: &str| RUN.iter().any(|ending| name.ends_with(ending));
        let mut size = Self { bundle, raw_bytes: 0, brotli_bytes: 0 };
        for (name, content) in files.iter().filter(|(name, _)| is_run(name) && (size.bundle.has)(name)) {
            size.raw_bytes += content.len();
            size.brotli_bytes += files.get(&format!("{name}.br")).unwrap_or(content).len();
        }
        size
    }

    fn check(&self) -> Result<()> {
        let Bundle { name, max_brotli_bytes, .. } = self.bundle;
        if self.raw_bytes == 0 {
            bail!("{name}: there is no WebAssembly");
        }
        if self.brotli_bytes > max_brotli_bytes {
            bail!(
                "{name}: WebAssembly and JavaScript have {} bytes after brotli, and {max_brotli_bytes} are allowed: \
                 find what made them grow (a dependency, most often) or do without it",
                self.brotli_bytes
            );
        }
        Ok(())
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kb = |bytes: usize| bytes as f64 / 1_000.0;
        write!(
            formatter,
            "{}: WebAssembly and JavaScript: {:.1} kB, {:.1} kB with brotli (at most {:.0} kB)",
            self.bundle.name,
            kb(self.raw_bytes),
            kb(self.brotli_bytes),
            kb(self.bundle.max_brotli_bytes)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, usize)]) -> Files {
        list.iter().map(|(name, bytes)| ((*name).to_owned(), vec![0; *bytes])).collect()
    }

    #[test]
    fn each_bundle_is_counted_as_it_is_sent_and_nothing_else_is() {
        let files = files(&[
            ("a/a.wasm", 900),
            ("a/a.wasm.br", 300),
            ("a/a.wasm.gz", 400),
            ("a/b.js", 100),
            ("c.css", 7),
            ("a/back_office.wasm", 5_000),
            ("a/back_office.wasm.br", 2_000),
            ("a/elsewhere.js", 800),
        ]);
        let sizes = BUNDLES.map(|bundle| Size::of(bundle, &files).to_string());
        assert_eq!(
            sizes,
            [
                "First page: WebAssembly and JavaScript: 1.0 kB, 0.4 kB with brotli (at most 400 kB)",
                "Back office: WebAssembly and JavaScript: 5.0 kB, 2.0 kB with brotli (at most 450 kB)",
                "On another site: WebAssembly and JavaScript: 0.8 kB, 0.8 kB with brotli (at most 1 kB)",
            ]
        );
    }

    #[test]
    fn a_bundle_that_has_grown_too_large_is_refused() {
        let checked = |first: usize, back_office: usize| {
            check(&files(&[("a/a.wasm", first), ("a/back_office.wasm", back_office), ("a/elsewhere.js", 1)]))
        };
        checked(400_000, 450_000).unwrap();
        let error = |first, back_office| checked(first, back_office).unwrap_err().to_string();
        assert!(error(400_001, 1).starts_with("First page: WebAssembly and JavaScript have 400001 bytes"));
        assert!(error(1, 450_001).starts_with("Back office: WebAssembly and JavaScript have 450001 bytes"));
    }

    #[test]
    fn a_bundle_that_is_missing_is_noticed() {
        let error = check(&files(&[("a/a.wasm", 1)])).unwrap_err().to_string();
        assert_eq!(error, "Back office: there is no WebAssembly");
    }
}
