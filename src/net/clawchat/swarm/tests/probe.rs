//! Speaks to a node below the level at which our own limits would stop it.

use std::future::poll_fn;
use std::io;

use libp2p::core::Endpoint;
use libp2p::core::muxing::SubstreamBox;
use libp2p::core::muxing::{StreamMuxerBox, StreamMuxerExt as _};
use libp2p::core::transport::{DialOpts, PortUse};
use libp2p::core::upgrade::Version;
use libp2p::futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::identity::Keypair;
use libp2p::{Multiaddr, Transport as _, noise, tcp, yamux};

/// Opens a connection with this many streams, and keeps it running.
pub(super) async fn streams(to: &Multiaddr, count: usize) -> Vec<SubstreamBox> {
    let keypair = Keypair::generate_ed25519();
    let mut transport = tcp::tokio::Transport::new(tcp::Config::default())
        .upgrade(Version::V1)
        .authenticate(noise::Config::new(&keypair).unwrap())
        .multiplex(yamux::Config::default())
        .map(|(_, muxer), _| StreamMuxerBox::new(muxer));
    let options = DialOpts {
        role: Endpoint::Dialer,
        port_use: PortUse::New,
    };
    let mut muxer = transport.dial(to.clone(), options).unwrap().await.unwrap();
    let mut streams = Vec::new();
    for _ in 0..count {
        streams.push(poll_fn(|cx| muxer.poll_outbound_unpin(cx)).await.unwrap());
    }
    tokio::spawn(poll_fn(move |cx| {
        while let std::task::Poll::Ready(Ok(stream)) = muxer.poll_inbound_unpin(cx) {
            drop(stream);
        }
        muxer.poll_unpin(cx).map(drop)
    }));
    streams
}

/// Agrees on a protocol (multistream-select 1.0.0).
pub(super) async fn negotiate(stream: &mut SubstreamBox, protocol: &str) -> io::Result<()> {
    for line in ["/multistream/1.0.0", protocol] {
        let line = format!("{line}\n");
        stream
            .write_all(&[u8::try_from(line.len()).unwrap()])
            .await?;
        stream.write_all(line.as_bytes()).await?;
        stream.flush().await?;
        let mut length = [0];
        stream.read_exact(&mut length).await?;
        let mut answer = vec![0; usize::from(length[0])];
        stream.read_exact(&mut answer).await?;
        assert_eq!(String::from_utf8(answer).unwrap(), line);
    }
    Ok(())
}
