//! Every integration test, in one binary: separate ones would each link the whole program.
#![expect(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has to fail loudly"
)]

mod clawbuddy;
#[cfg(feature = "clawchat")]
mod clawchat;
#[cfg(feature = "clawchat")]
mod clawchat_dir;
#[cfg(feature = "clawchat")]
mod clawchat_endurance;
#[cfg(feature = "clawchat")]
mod clawchat_hostile;
#[cfg(feature = "clawchat")]
mod clawchat_nat;
#[cfg(feature = "clawchat")]
mod clawchat_weaknesses;
mod clawtalk;
mod clawtalk_client;
mod conformance;
#[cfg(debug_assertions)]
mod crash;
mod flows;
mod mesh;
mod pages;
mod pty;
mod readme;
mod reference;
mod relay;
mod screenshots;
mod support;
mod text;
mod tidy;
mod tui;
mod wire;
