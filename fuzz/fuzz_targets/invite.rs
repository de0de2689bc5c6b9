//! Invite links and relay addresses: any text is answered, what is taken is safe in a path and
//! reads the same again from the link we write.

#![no_main]

use chaperon::wire::mailbox::{Invite, RelayUrl};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(relay) = RelayUrl::parse(text) {
        assert_eq!(RelayUrl::parse(relay.as_str()), Ok(relay));
    }
    if let Ok(invite) = Invite::parse(text) {
        assert!(!invite.channel.as_str().contains(['/', '\\', '.', '%']));
        assert!(!invite.key.is_low_order());
        assert_eq!(Invite::parse(&invite.to_url()), Ok(invite));
    }
});
