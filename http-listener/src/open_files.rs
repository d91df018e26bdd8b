//! The system's limit of open files: every connection is one.

/// The most files that are kept for what is no connection: the database or the spool, the log, the runtime, a broker.
const OTHER_FILES: u64 = 500;
/// Where there are few files, so many of all are kept for that: one of so many.
const OTHER_FILES_DIVISOR: u64 = 4;

/// Raises the limit as far as the system lets a process do by itself, and answers how many connections fit into it: those
/// beyond wait, while a database that cannot open a file fails.
pub fn make_room(max_connections: usize) -> usize {
    let needed = max_connections as u64 + OTHER_FILES;
    // Some systems start every process with 1 024 though they allow it a million.
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if limit < needed => {
            let connections = fit(max_connections, limit);
            tracing::warn!(
                "only {limit} files may be open, so that {connections} connections are taken at a time; {needed} would \
                 suffice for all that could be: raise the hard limit with `ulimit -Hn`, or with LimitNOFILE= in \
                 systemd's unit"
            );
            connections
        }
        Ok(_) => max_connections,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files (`ulimit -n`) could not be raised; {needed} would suffice");
            max_connections
        }
    }
}

fn fit(max_connections: usize, files: u64) -> usize {
    let others = OTHER_FILES.min(files / OTHER_FILES_DIVISOR);
    usize::try_from(files - others).unwrap_or(usize::MAX).clamp(1, max_connections.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_connections_are_taken_than_there_may_be_files() {
        for (files, expected) in
            [(1_000_000, 18_000), (18_500, 18_000), (2_400, 1_900), (1_024, 768), (256, 192), (1, 1)]
        {
            assert_eq!(fit(18_000, files), expected, "{files}");
        }
    }
}
