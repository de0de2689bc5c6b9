//! What can have happened to a world as a whole.

use chaperon::model::{ChannelState, Fingerprint, ReviewKind, StopReason};

use super::{Facts, MARTA, ago};

impl Facts {
    /// The time of the draft that waits is over, and no clock has struck yet.
    pub(crate) fn expired(mut self) -> Self {
        let over = ago(1);
        for item in &mut self.needs {
            if let ReviewKind::HeldDraft { expires, .. } = &mut item.kind {
                *expires = over;
            }
        }
        self.status.next_expiry = Some(over);
        self
    }

    /// It is the key of the channel one stands in that changed.
    pub(crate) fn key_changed(mut self) -> Self {
        for channel in &mut self.channels {
            let stops = channel.id == MARTA;
            if stops || channel.stopped.is_some() {
                channel.state = if stops {
                    ChannelState::Stopped
                } else {
                    ChannelState::Active
                };
                channel.stopped = stops.then_some(StopReason::KeyChanged);
            }
        }
        let marta = self.channel(MARTA);
        for item in &mut self.needs {
            if let ReviewKind::KeyChange { pinned, shown, .. } = &mut item.kind {
                pinned.clone_from(&marta.fingerprint);
                *shown = Fingerprint("e85b-4410-97aa-c3d1".into());
                item.channel = MARTA;
                item.name = marta.name.clone();
            }
        }
        self
    }

    /// All that needed a person is settled.
    pub(crate) fn settled(mut self) -> Self {
        self.needs.clear();
        self.status.held_in = 0;
        self
    }

    /// So many messages arrived while everything is paused.
    pub(crate) fn with_kept(mut self, count: u32) -> Self {
        self.status.kept = count;
        self
    }
}
