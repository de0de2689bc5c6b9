//! The control socket: newline-delimited JSON-RPC 2.0 over a Unix domain socket.
