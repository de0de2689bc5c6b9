//! A network that this build was made without: its channels can be read, and nothing moves.

use futures_util::future::BoxFuture;

use crate::model::{IdentityKey, NetworkId};

use super::{
    Accepted, Capabilities, Command, Failure, Incoming, Keys, Link, Network, News, Outgoing,
    SealError, Sealed,
};

/// Stands in for a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeftOut(pub(super) NetworkId);

impl Network for LeftOut {
    fn id(&self) -> NetworkId {
        self.0
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { max_body: 0 }
    }

    fn read_key(&self, _text: &str) -> Option<IdentityKey> {
        None
    }

    fn write_key(&self, _key: &IdentityKey) -> String {
        String::new()
    }

    fn seal(
        &self,
        _keys: &Keys,
        _message: &Outgoing<'_>,
        _nonce: [u8; 24],
    ) -> Result<Sealed, SealError> {
        Err(SealError::UnusableKey)
    }

    fn start(&self, link: Link) -> BoxFuture<'static, ()> {
        Box::pin(refuse(self.0, link))
    }
}

async fn refuse(network: NetworkId, mut link: Link) {
    while let Some(command) = link.commands.recv().await {
        let Command::Post(post) = command else {
            continue;
        };
        let result: Result<Accepted, Failure> = Err(Failure::later(&format!(
            "this build of chaperon is without {}",
            network.label()
        )));
        let news = News::Posted {
            message: post.message,
            channel: post.channel,
            result,
        };
        let (settled, _answer) = tokio::sync::oneshot::channel();
        if link.news.send(Incoming { news, settled }).await.is_err() {
            return;
        }
    }
}
