//! Two identities of `ClawChat`, each with a node of its own.

use std::time::Duration;

use chaperon::model::{Channel, ChannelState, OwnAccount, Passphrase, Verdict};
use chaperon::net::Mode;

use super::{Rig, Side};
use crate::support::clawchat::{Chatter, on_loopback, tcp};

/// The two: who they are, and the words that their identities come from.
pub(super) struct Nodes {
    ana: (OwnAccount, Passphrase),
    bo: (OwnAccount, Passphrase),
}

impl From<Chatter> for Side {
    fn from(chatter: Chatter) -> Self {
        Self {
            dir: chatter.dir,
            mode: Mode::Continuous,
            hosted: chatter.hosted,
        }
    }
}

impl Rig for Nodes {
    async fn connect() -> (Self, Side, Side) {
        let (ana, bo) = (Chatter::new().await, Chatter::new().await);
        let at = tcp(&bo.us);
        ana.adds(&ana.us, &bo.us, Some(&at)).await.unwrap();
        bo.decides(Verdict::Approve).await;
        let rig = Self {
            ana: (ana.us.clone(), ana.phrase.clone()),
            bo: (bo.us.clone(), bo.phrase.clone()),
        };
        (rig, ana.into(), bo.into())
    }

    /// Each gets a new device: their words, and another node.
    async fn change_key(&self, _of: &Channel) {
        for (victim, other) in [(&self.ana, &self.bo), (&self.bo, &self.ana)] {
            let device = Chatter::with(Some(other.1.clone()), on_loopback()).await;
            assert_eq!(device.us.address, other.0.address);
            let at = tcp(&victim.0);
            let channel = device.adds(&device.us, &victim.0, Some(&at)).await.unwrap();
            assert_eq!(channel.state, ChannelState::Active);
            // It connects by itself; that it was turned away is all that it learns.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    async fn put_junk(&self, _on: &Channel) {}
}
