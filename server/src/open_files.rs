//! How many connections and websockets there may be, given how many files the system lets the server open.

use crate::http::Options;

/// Of so many connections one is kept free of websockets, so that these never keep out a request.
const CONNECTIONS_PER_REQUEST: usize = 9;

/// Takes no more connections than there may be files, once that limit is as high as it can be.
pub fn make_room(mut options: Options) -> Options {
    let connections = http_listener::make_room(options.connections.max_connections);
    options.connections.max_connections = connections;
    options.sockets.max_sockets = options.sockets.max_sockets.min(sockets(connections));
    options
}

fn sockets(connections: usize) -> usize {
    connections - connections.div_ceil(CONNECTIONS_PER_REQUEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn websockets_never_take_all_connections() {
        for (connections, expected) in [(18_000, 16_000), (900, 800), (192, 170), (9, 8), (1, 0)] {
            assert_eq!(sockets(connections), expected);
        }
    }
}
