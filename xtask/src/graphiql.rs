//! GraphiQL, the GraphQL IDE, with what it needs to run where there is no internet: fetched once from the npm registry,
//! checked against the hashes below and put into target/web/graphiql beside our page.

use anyhow::Result;

use crate::npm::{self, Package, Pinned};
use crate::publish::{publish, read_folder};
use crate::workspace;

const PACKAGES: [Package; 3] = [
    Package {
        name: "graphiql",
        version: "4.1.2",
        files: &[
            Pinned {
                path: "graphiql.min.js",
                name: "graphiql.min.js",
                sha256: "867226ba8af5ce7949903fc53932f78dac9f4bfc6cc8da0fd3869b8bc6c5256b",
            },
            Pinned {
                path: "graphiql.min.css",
                name: "graphiql.min.css",
                sha256: "30487e07635d312a63f647b140d37740a73c53332b0975bf4b1fe985ca6ec885",
            },
            Pinned {
                path: "LICENSE",
                name: "graphiql.LICENSE.txt",
                sha256: "4b18fbe55c4e8f9169cb702be138f4d858a2dad920c39857204ffdc9c1c9fdc4",
            },
        ],
    },
    Package {
        name: "react",
        version: "18.3.1",
        files: &[
            Pinned {
                path: "umd/react.production.min.js",
                name: "react.production.min.js",
                sha256: "d949f1c3687aedadcedac85261865f29b17cd273997e7f6b2bfc53b2f9d4c4dd",
            },
            Pinned { path: "LICENSE", name: "react.LICENSE.txt", sha256: REACT_LICENSE },
        ],
    },
    Package {
        name: "react-dom",
        version: "18.3.1",
        files: &[
            Pinned {
                path: "umd/react-dom.production.min.js",
                name: "react-dom.production.min.js",
                sha256: "35f4f974f4b2bcd44da73963347f8952e341f83909e4498227d4e26b98f66f0d",
            },
            Pinned { path: "LICENSE", name: "react-dom.LICENSE.txt", sha256: REACT_LICENSE },
        ],
    },
];

const REACT_LICENSE: &str = "52412d7bc7ce4157ea628bbaacb8829e0a9cb3c58f57f99176126bc8cf2bfc85";

/// Our page around it. Its scripts and styles are files, because the content security policy allows nothing inline.
const PAGE: [(&str, &str); 3] = [
    ("index.html", include_str!("../graphiql/index.html")),
    ("start.js", include_str!("../graphiql/start.js")),
    ("page.css", include_str!("../graphiql/page.css")),
];

/// Fetches what is missing or not what it should be; needs no network when everything is there.
pub(crate) fn fetch() -> Result<()> {
    let folder = workspace::web().join("graphiql");
    let mut files = npm::fetch(&PACKAGES, read_folder(&folder).unwrap_or_default())?;
    files.extend(PAGE.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())));
    publish(files, &folder)?;
    eprintln!("GraphiQL is in {}", folder.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_only_files_that_are_put_beside_it() {
        let beside: Vec<&str> = PACKAGES
            .iter()
            .flat_map(|package| package.files.iter().map(|pinned| pinned.name))
            .chain(PAGE.iter().map(|(name, _)| *name))
            .collect();
        let (_, page) = PAGE[0];
        let addresses: Vec<&str> =
            page.split('"').filter_map(|part| part.strip_prefix("/graphiql/")).collect();
        assert_eq!(addresses.len(), 6);
        assert!(addresses.iter().all(|name| beside.contains(name)), "{addresses:?}");
    }
}
