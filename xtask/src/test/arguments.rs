//! What the arguments of `cargo test` choose, and how the runs differ from what was asked.

/// The server's tests through its real interfaces, which run on every engine.
pub(super) const PACKAGE: &str = "server";
pub(super) const ENGINE_TARGETS: [&str; 2] = ["it", "hostile"];
/// The tests with brokers, of the server and the agent, which need features that nothing else needs.
const BROKER_PACKAGES: [&str; 2] = ["server", "edge"];
const BROKER_TARGET: &str = "broker";
pub(super) const BROKER_FEATURES: &str = "server/kafka,server/amqp,edge/kafka,edge/amqp";

/// The module of tests that are about one engine: the run on the other leaves it out.
#[derive(Clone, Copy)]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(super) fn tests_of_others(self) -> &'static str {
        match self {
            Self::Sqlite => "postgres_only::",
            Self::Postgres => "sqlite_only::",
        }
    }
}

/// What was asked: what is for cargo, and behind `--` what is for the tests.
pub(super) struct Arguments<'a> {
    for_cargo: Vec<Argument<'a>>,
    for_tests: &'a [String],
}

/// One argument with its value, if it has one.
#[derive(Debug, PartialEq)]
enum Argument<'a> {
    Package(&'a str),
    Exclude(&'a str),
    Workspace,
    /// A target by its kind and, if it has one, its name.
    Target(&'a str, Option<&'a str>),
    Other(&'a str),
}

impl<'a> Arguments<'a> {
    pub(super) fn of(arguments: &'a [String]) -> Self {
        let end = arguments.iter().position(|argument| argument == "--");
        let (for_cargo, for_tests) = match end {
            Some(end) => (&arguments[..end], &arguments[end + 1..]),
            None => (arguments, &[][..]),
        };
        let mut words = for_cargo.iter().map(String::as_str);
        let mut read = Vec::new();
        while let Some(word) = words.next() {
            let (name, value) = match (word.split_once('='), word.strip_prefix("-p")) {
                (Some((name, value)), _) if name.starts_with("--") => (name, Some(value)),
                (_, Some(value)) if !value.is_empty() => ("-p", Some(value)),
                _ => (word, None),
            };
            let mut value = || value.or_else(|| words.next()).unwrap_or_default();
            read.push(match name {
                "-p" | "--package" => Argument::Package(value()),
                "--exclude" => Argument::Exclude(value()),
                "--workspace" | "--all" => Argument::Workspace,
                "--test" | "--bin" | "--example" | "--bench" => Argument::Target(name, Some(value())),
                "--tests" | "--lib" | "--bins" | "--examples" | "--benches" | "--all-targets" | "--doc" => {
                    Argument::Target(name, None)
                }
                _ => Argument::Other(word),
            });
        }
        Self { for_cargo: read, for_tests }
    }

    /// Everything that was asked, on the whole workspace unless packages are chosen, without what is only for other engines;
    /// none if only tests with brokers were asked for.
    pub(super) fn on_sqlite(&self) -> Option<Vec<&'a str>> {
        let is_of_brokers =
            |argument: &&Argument<'_>| matches!(argument, Argument::Target("--test", Some(BROKER_TARGET)));
        let targets = |argument: &&Argument<'_>| matches!(argument, Argument::Target(..));
        let of_brokers = self.for_cargo.iter().filter(is_of_brokers).count();
        if of_brokers > 0 && of_brokers == self.for_cargo.iter().filter(targets).count() {
            return None;
        }
        let chosen = |argument: &Argument<'_>| matches!(argument, Argument::Package(_) | Argument::Workspace);
        let whole = if self.for_cargo.iter().any(chosen) { None } else { Some("--workspace") };
        let asked =
            self.for_cargo.iter().filter(|argument| !is_of_brokers(argument)).flat_map(Argument::words);
        Some(whole.into_iter().chain(asked).chain(self.for_tests_on(Engine::Sqlite)).collect())
    }

    /// The same of the server's integration tests alone; none if they were not asked for.
    pub(super) fn on_postgres(&self) -> Option<Vec<&'a str>> {
        let chosen = ENGINE_TARGETS.into_iter().filter(|target| self.chooses(&[PACKAGE], target));
        let targets: Vec<&str> = chosen.flat_map(|target| ["--test", target]).collect();
        if targets.is_empty() {
            return None;
        }
        let others = self.for_cargo.iter().filter(|argument| matches!(argument, Argument::Other(_)));
        let asked = others.flat_map(Argument::words);
        Some(
            ["-p", PACKAGE]
                .into_iter()
                .chain(targets)
                .chain(asked)
                .chain(self.for_tests_on(Engine::Postgres))
                .collect(),
        )
    }

    /// The tests with brokers, and with them what the features bring to the packages' own tests; none if they were not asked
    /// for.
    pub(super) fn on_brokers(&self) -> Option<Vec<&'a str>> {
        if !self.chooses(&BROKER_PACKAGES, BROKER_TARGET) {
            return None;
        }
        let others = self.for_cargo.iter().filter(|argument| matches!(argument, Argument::Other(_)));
        let packages = BROKER_PACKAGES.iter().flat_map(|package| ["-p", package]);
        let asked = packages.chain(["--features", BROKER_FEATURES, "--lib", "--test", BROKER_TARGET]);
        let for_tests = ["--"].into_iter().chain(self.for_tests.iter().map(String::as_str));
        Some(asked.chain(others.flat_map(Argument::words)).chain(for_tests).collect())
    }

    /// Whether the tests in this target of one of these packages were asked for.
    fn chooses(&self, names: &[&str], target: &str) -> bool {
        let packages = self.for_cargo.iter().filter_map(|argument| match argument {
            Argument::Package(name) => Some(names.contains(name)),
            Argument::Workspace => Some(true),
            _ => None,
        });
        let targets = self.for_cargo.iter().filter_map(|argument| match argument {
            Argument::Target("--tests" | "--all-targets", _) => Some(true),
            Argument::Target("--test", Some(name)) => Some(*name == target),
            Argument::Target(..) => Some(false),
            _ => None,
        });
        // Where nothing is chosen, everything is.
        let is_among = |chosen: Vec<bool>| chosen.is_empty() || chosen.contains(&true);
        let excluded = names.iter().any(|name| self.for_cargo.contains(&Argument::Exclude(name)));
        !excluded && is_among(packages.collect()) && is_among(targets.collect())
    }

    fn for_tests_on(&self, engine: Engine) -> impl Iterator<Item = &'a str> {
        ["--", "--skip", engine.tests_of_others()]
            .into_iter()
            .chain(self.for_tests.iter().map(String::as_str))
    }
}

impl<'a> Argument<'a> {
    fn words(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (word, value) = match *self {
            Self::Package(name) => ("-p", Some(name)),
            Self::Exclude(name) => ("--exclude", Some(name)),
            Self::Workspace => ("--workspace", None),
            Self::Target(kind, name) => (kind, name),
            Self::Other(word) => (word, None),
        };
        [word].into_iter().chain(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the two runs are told when this is asked.
    fn runs(line: &str) -> (String, Option<String>) {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let arguments = Arguments::of(&words);
        let sqlite = arguments.on_sqlite().expect("a run on SQLite");
        (sqlite.join(" "), arguments.on_postgres().map(|words| words.join(" ")))
    }

    fn on_brokers(line: &str) -> Option<String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Arguments::of(&words).on_brokers().map(|words| words.join(" "))
    }

    fn on_postgres(line: &str) -> Option<String> {
        runs(line).1
    }

    #[test]
    fn without_a_package_every_package_is_tested_and_the_server_on_both_engines() {
        let sqlite = "--workspace -- --skip postgres_only::".to_owned();
        assert_eq!(
            runs(""),
            (sqlite, Some("-p server --test it --test hostile -- --skip sqlite_only::".to_owned()))
        );
    }

    #[test]
    fn a_filter_and_what_the_tests_are_told_reach_both_runs() {
        let (sqlite, postgres) = runs("--release late_event -- --nocapture -p");
        assert_eq!(sqlite, "--workspace --release late_event -- --skip postgres_only:: --nocapture -p");
        let expected =
            "-p server --test it --test hostile --release late_event -- --skip sqlite_only:: --nocapture -p";
        assert_eq!(postgres.as_deref(), Some(expected));
    }

    #[test]
    fn named_packages_alone_are_tested_and_only_the_server_knows_engines() {
        assert_eq!(runs("-p domain"), ("-p domain -- --skip postgres_only::".to_owned(), None));
        assert_eq!(runs("--package=edge -pdomain").1, None);
        assert_eq!(
            runs("-pdomain --package server crash").0,
            "-p domain -p server crash -- --skip postgres_only::"
        );
        let postgres = on_postgres("-pdomain --package server crash");
        assert_eq!(
            postgres.as_deref(),
            Some("-p server --test it --test hostile crash -- --skip sqlite_only::")
        );
        assert_eq!(on_postgres("--workspace --exclude server"), None);
    }

    #[test]
    fn named_targets_alone_are_tested() {
        assert_eq!(on_postgres("-p server --test browser"), None);
        assert_eq!(on_postgres("-p server --lib --doc"), None);
        for (line, targets) in [
            ("-p server --test=it", "--test it"),
            ("--test browser --test hostile", "--test hostile"),
            ("--lib --tests", "--test it --test hostile"),
            ("--all-targets", "--test it --test hostile"),
        ] {
            let expected = format!("-p server {targets} -- --skip sqlite_only::");
            assert_eq!(on_postgres(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn tests_with_brokers_run_with_the_features_that_they_need() {
        let all = format!("-p server -p edge --features {BROKER_FEATURES} --lib --test broker");
        assert_eq!(on_brokers(""), Some(format!("{all} --")));
        assert_eq!(on_brokers("-p edge kafka -- --nocapture"), Some(format!("{all} kafka -- --nocapture")));
        for line in ["-p domain", "--workspace --exclude edge", "-p server --test it", "--lib"] {
            assert_eq!(on_brokers(line), None, "{line}");
        }
        let words = ["--test".to_owned(), "broker".to_owned()];
        let alone = Arguments::of(&words);
        assert_eq!((alone.on_sqlite(), alone.on_postgres()), (None, None), "nothing else was asked for");
        assert!(alone.on_brokers().is_some());
    }
}
