//! Answers `/ipfs/ping/1.0.0`.
//!
//! libp2p's own behaviour is not used: it stops answering as soon as a peer does not serve ping
//! itself, and a real gateway does not, but breaks the connection when its pings are not
//! answered (libp2p-ping 0.48, js-libp2p 2.10 connection monitor).

use std::io;
use std::time::Duration;

use libp2p::futures::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

/// The protocol.
pub(super) const NAME: libp2p::StreamProtocol = libp2p::StreamProtocol::new("/ipfs/ping/1.0.0");

/// Bytes of a ping (libp2p specs, ping).
const PING: usize = 32;

/// How long a stream may wait for its next ping: rust-libp2p pings every 15 s on one stream,
/// js-libp2p opens a stream for each.
const IDLE: Duration = Duration::from_secs(60);

/// How long an answer may take to leave.
const ANSWER: Duration = Duration::from_secs(10);

/// Sends every ping back until the peer ends the stream, or lets it wait for too long.
pub(super) async fn echo(mut stream: libp2p::Stream) {
    // Whatever went wrong, the stream is over, and nobody is waiting for it.
    if let Err(error) = answer_all(&mut stream).await {
        tracing::trace!(%error, "a ping stream ended");
    }
}

async fn answer_all(stream: &mut libp2p::Stream) -> io::Result<()> {
    let mut ping = [0; PING];
    loop {
        match timeout(IDLE, stream.read_exact(&mut ping)).await? {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            read => read?,
        }
        timeout(ANSWER, async {
            stream.write_all(&ping).await?;
            stream.flush().await
        })
        .await??;
    }
    timeout(ANSWER, stream.close()).await?
}
