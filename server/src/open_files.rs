//! The system's limit of open files: every connection is one.

use crate::http::Options;

/// The files that are not connections, such as those of the database, of the log and of the runtime.
const OTHER_FILES: u64 = 500;
/// Of so many connections one is kept free of websockets, so that these never keep out a request.
const CONNECTIONS_PER_REQUEST: usize = 9;

/// Raises the limit as far as the system lets a process do by itself, and takes no more connections than fit into it:
/// those beyond wait, while a database that cannot open a file fails.
pub fn make_room(options: Options) -> Options {
    let needed = options.connections.max_connections as u64 + OTHER_FILES;
    // Some systems start every process with 1 024 though they allow it a million.
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if limit < needed => {
            let options = fit_into(options, limit);
            tracing::warn!(
                "only {limit} files may be open, so that {} connections are taken at a time, {} of them websockets; \
                 {needed} would suffice for all that could be: raise the hard limit with `ulimit -Hn`, or with \
                 LimitNOFILE= in systemd's unit",
                options.connections.max_connections,
                options.sockets.max_sockets
            );
            options
        }
        Ok(_) => options,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files (`ulimit -n`) could not be raised; {needed} would suffice");
            options
        }
    }
}

fn fit_into(mut options: Options, limit: u64) -> Options {
    let connections = usize::try_from(limit.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX);
    let connections = options.connections.max_connections.min(connections.max(CONNECTIONS_PER_REQUEST));
    let sockets = connections - connections / CONNECTIONS_PER_REQUEST;
    options.connections.max_connections = connections;
    options.sockets.max_sockets = options.sockets.max_sockets.min(sockets);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_connections_are_taken_than_there_may_be_files() {
        let fit = |limit| {
            let options = fit_into(Options::default(), limit);
            (options.connections.max_connections, options.sockets.max_sockets)
        };
        let all = Options::default();
        assert_eq!(fit(1_000_000), (all.connections.max_connections, all.sockets.max_sockets));
        assert_eq!(fit(1_400), (900, 800));
        assert_eq!(fit(10), (9, 8));
    }
}
