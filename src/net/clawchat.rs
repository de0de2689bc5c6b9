//! `ClawChat`: gateways that reach each other over libp2p, each identity its own node.

#[cfg(feature = "clawchat")]
pub mod swarm;
