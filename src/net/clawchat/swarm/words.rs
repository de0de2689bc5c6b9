//! What goes wrong in libp2p, in words for a person.

use std::error::Error;
use std::io;

use libp2p::multiaddr::Protocol;
use libp2p::swarm::DialError;
use libp2p::{Multiaddr, PeerId, TransportError};

use super::OpenError;

/// Says why a peer could not be dialled.
pub(super) fn problem_of(error: &DialError) -> OpenError {
    match error {
        DialError::WrongPeerId { .. } => OpenError::WrongPeer,
        DialError::LocalPeerId { .. } => OpenError::Ourselves,
        DialError::NoAddresses => OpenError::NoAddress,
        DialError::Denied { .. } => OpenError::Busy,
        DialError::Aborted | DialError::DialPeerConditionFalse(_) => OpenError::Closed,
        DialError::Transport(failed) => {
            // The one that got furthest tells most.
            let furthest = failed.iter().map(|(_, error)| transport_problem(error));
            furthest
                .max_by_key(|problem| distance(*problem))
                .unwrap_or(OpenError::NoAddress)
        }
    }
}

/// How far an attempt got before it failed.
fn distance(problem: OpenError) -> usize {
    let furthest_last = [
        OpenError::NoAddress,
        OpenError::Unreachable,
        OpenError::TimedOut,
        OpenError::Refused,
    ];
    let at = furthest_last.iter().position(|other| *other == problem);
    at.unwrap_or(furthest_last.len())
}

/// How it looks when the other end closes in the middle of the handshake: a limit of theirs, as a
/// rule.
const DROPPED: [io::ErrorKind; 3] = [
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::UnexpectedEof,
    io::ErrorKind::BrokenPipe,
];

fn transport_problem(error: &TransportError<io::Error>) -> OpenError {
    let TransportError::Other(error) = error else {
        return OpenError::NoAddress;
    };
    let kind = kind_of(error);
    let all = text_of(error);
    if kind == io::ErrorKind::ConnectionRefused {
        OpenError::Refused
    } else if kind == io::ErrorKind::ResourceBusy {
        OpenError::Busy
    } else if DROPPED.contains(&kind) {
        OpenError::Dropped
    } else if all.contains("no reservation") {
        OpenError::NotAtRelay
    } else if kind == io::ErrorKind::TimedOut || all.contains("imeout") || all.contains("timed out")
    {
        OpenError::TimedOut
    } else {
        OpenError::Unreachable
    }
}

/// Says why a relay has no slot for us.
pub(super) fn reservation_problem(error: &io::Error) -> String {
    let all = text_of(error);
    if all.contains("refused") {
        "the relay refuses to keep a slot for us"
    } else if all.contains("not support") {
        "that node is no relay"
    } else {
        "the relay has no slot for us"
    }
    .to_owned()
}

/// Says why it cannot be listened.
pub(super) fn listen_problem(error: &io::Error) -> String {
    let kind = kind_of(error);
    if kind == io::ErrorKind::AddrInUse {
        "the port is taken"
    } else if kind == io::ErrorKind::AddrNotAvailable {
        "this machine has no such address"
    } else if kind == io::ErrorKind::PermissionDenied {
        "the system does not allow this port"
    } else {
        "it cannot be listened there"
    }
    .to_owned()
}

/// Tells whether an address may lead to this peer: it names them, or nobody.
pub(super) fn leads_to(address: &Multiaddr, peer: PeerId) -> bool {
    match address.iter().last() {
        Some(Protocol::P2p(named)) => named == peer,
        // A circuit that names nobody ends at the relay.
        Some(Protocol::P2pCircuit) | None => false,
        Some(_) => true,
    }
}

/// Returns the kind of the innermost I/O error: libp2p wraps each in others of the kind "other".
fn kind_of(error: &io::Error) -> io::ErrorKind {
    let mut kind = error.kind();
    let mut next: Option<&(dyn Error + 'static)> =
        error.get_ref().map(|inner| inner as &(dyn Error + 'static));
    while let Some(inner) = next {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            kind = io.kind();
            next = io.get_ref().map(|inner| inner as &(dyn Error + 'static));
        } else {
            next = inner.source();
        }
    }
    kind
}

/// Returns the words of an error and of all in it, for what has no kind.
fn text_of(error: &io::Error) -> String {
    let mut all = error.to_string();
    let mut next = error.source();
    while let Some(inner) = next {
        all.push_str(": ");
        all.push_str(&inner.to_string());
        next = inner.source();
    }
    all
}
