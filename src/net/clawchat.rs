//! `ClawChat`: gateways that meet peer to peer, with Stacks identities.

pub mod protocol;
