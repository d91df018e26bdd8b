//! One stylesheet of many: the theme first, because the others use its variables, then one file per component.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::publish::read;

/// The theme, then every other .css file below `assets` and `src` in the order of their paths.
pub(crate) fn joined(dashboard: &Path) -> Result<Vec<u8>> {
    let theme = dashboard.join("assets/theme.css");
    let mut components = Vec::new();
    for folder in ["assets", "src"] {
        collect(&dashboard.join(folder), &mut components)?;
    }
    components.retain(|path| *path != theme);
    components.sort();
    let mut stylesheet = Vec::new();
    for path in std::iter::once(&theme).chain(&components) {
        stylesheet.extend(read(path)?);
        stylesheet.push(b'\n');
    }
    Ok(stylesheet)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "css") {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theme_comes_first_and_the_rest_in_the_order_of_paths() {
        let dashboard = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("src/views/floor.css", "floor"),
            ("src/app.css", "app"),
            ("src/main.rs", "fn main() {}"),
            ("assets/theme.css", "theme"),
            ("assets/base.css", "base"),
        ] {
            let path = dashboard.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        assert_eq!(joined(dashboard.path()).unwrap(), b"theme\nbase\napp\nfloor\n");
    }

    #[test]
    fn a_dashboard_without_a_theme_says_which_file_is_missing() {
        let dashboard = tempfile::tempdir().unwrap();
        for folder in ["assets", "src"] {
            fs::create_dir(dashboard.path().join(folder)).unwrap();
        }
        assert!(joined(dashboard.path()).unwrap_err().to_string().contains("theme.css"));
    }
}
