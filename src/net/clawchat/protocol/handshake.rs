//! The handshake of a session, as a machine without I/O.

use std::fmt;

use super::attest::{attest, verify};
use super::{Fresh, Remote, Role, Us};
use crate::crypto::stacks::StacksNetwork;
use crate::model::PeerText;
use crate::wire::clawchat::{Auth, Hello, Message};

/// Why a handshake came to nothing, in words for a person. Nothing that a peer wrote is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// What came is no message of the protocol.
    #[error("they do not speak the session protocol as it is spoken here")]
    Unreadable,
    /// Another message was due.
    #[error("they sent something out of turn")]
    OutOfTurn,
    /// They are on the other Stacks network.
    #[error("they are on the other Stacks network")]
    OtherNetwork,
    /// Their attestation is broken, forged, or holds for too long.
    #[error("their attestation does not hold")]
    Attestation,
    /// Their attestation is too old, or from the future.
    #[error("their attestation is not of now: a clock is wrong, or it was recorded earlier")]
    Clock,
    /// The attestation is for another node, so it was taken from somebody else.
    #[error("their attestation belongs to another node: somebody shows what is not theirs")]
    OtherNode,
    /// They say that they are somebody else than their attestation says.
    #[error("they say that they are somebody else than their attestation says")]
    OtherPrincipal,
    /// Their AUTH belongs to another session.
    #[error("they showed the handshake of another session")]
    OtherSession,
    /// At the other end is our own node, or somebody with our own identity.
    #[error("at the other end is this very identity")]
    Ourselves,
    /// They said that they do not want us.
    #[error("they refused the session")]
    TheyRefused,
    /// They closed before they said who they are: real gateways do so where they do not believe
    /// us.
    #[error("they closed without a word: another network, another clock, or no gateway")]
    ClosedAtOnce,
    /// They closed after both said who they are: so real gateways refuse whom they do not want.
    #[error("they closed instead of agreeing: they do not accept this identity")]
    ClosedInstead,
}

impl Reason {
    /// Returns the number that an `AUTH_FAIL` of ours has. The protocol fixes none.
    fn code(self) -> u64 {
        match self {
            Self::Unreadable | Self::OutOfTurn => 1,
            Self::OtherNetwork => 2,
            Self::Attestation | Self::OtherNode | Self::OtherPrincipal | Self::OtherSession => 3,
            Self::Clock => 4,
            Self::Ourselves | Self::TheyRefused | Self::ClosedAtOnce | Self::ClosedInstead => 5,
        }
    }
}

/// A handshake that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub reason: Reason,
    /// Why, in the words of the other side, where they said.
    pub said: Option<PeerText>,
    /// What to send before closing; nothing where nobody listens any more.
    pub fail: Option<Vec<u8>>,
}

impl fmt::Display for Refused {
    /// Writes our words alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reason, f)
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            said: None,
            fail: Some(auth_fail(reason.code(), &reason.to_string())),
        }
    }
}

/// What a frame comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// More has to come.
    Wait,
    /// This goes out, and more has to come.
    Send(Vec<Vec<u8>>),
    /// They are proven. Whether they are wanted has to be decided; [`Handshake::admit`] goes on.
    /// Until then nothing of us is sent that a responder has not sent before, and frames that
    /// come are best kept: only an `AUTH_OK` is taken meanwhile.
    Decide(Remote),
    /// This goes out, and the session begins.
    Done {
        /// What goes out.
        send: Vec<Vec<u8>>,
    },
}

/// What follows a decision to take them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// What goes out.
    pub send: Vec<Vec<u8>>,
    /// Whether the session begins with that. Otherwise their `AUTH_OK` has to come.
    pub done: bool,
}

/// What is due next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Their HELLO.
    Hello,
    /// Their AUTH, after this HELLO.
    Auth(Hello),
    /// Our decision; whether their `AUTH_OK` came already.
    Decision { agreed: bool },
    /// Their `AUTH_OK`.
    Agreement,
    /// Nothing: it is over.
    Over,
}

/// A handshake. Frames are CBOR items without their length.
pub struct Handshake {
    role: Role,
    network: StacksNetwork,
    /// The key that the connection is encrypted for.
    peer: [u8; 32],
    /// Our HELLO and AUTH.
    ours: Vec<Vec<u8>>,
    our_principal: String,
    state: State,
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Handshake {
    /// Begins one over a connection with this node; returns what goes out at once. A responder
    /// sends nothing: it says who it is only to whoever proved who they are, and is wanted.
    pub fn new(role: Role, us: &Us, peer: [u8; 32], fresh: Fresh) -> (Self, Vec<Vec<u8>>) {
        let hello = Hello {
            nonce: fresh.hello_nonce,
            timestamp: fresh.now,
            node_key: us.node_key,
            receipts: us.receipts,
        };
        let auth = Auth {
            principal: us.principal.to_string(),
            attestation: attest(us, fresh.attestation_nonce, fresh.now),
            session_nonce: fresh.hello_nonce,
        };
        let our_principal = auth.principal.clone();
        let ours = vec![
            Message::Hello(hello).encode(),
            Message::Auth(Box::new(auth)).encode(),
        ];
        let send = match role {
            Role::Initiator => ours.clone(),
            Role::Responder => Vec::new(),
        };
        let handshake = Self {
            role,
            network: us.principal.network(),
            peer,
            ours,
            our_principal,
            state: State::Hello,
        };
        (handshake, send)
    }

    /// Takes a frame, at a time in seconds since 1970. After an error it is over.
    pub fn receive(&mut self, frame: &[u8], now: u64) -> Result<Step, Refused> {
        let before = std::mem::replace(&mut self.state, State::Over);
        let Ok(message) = Message::decode(frame) else {
            return Err(Reason::Unreadable.into());
        };
        if let Message::AuthFail { reason, .. } = message {
            return Err(Refused {
                reason: Reason::TheyRefused,
                said: Some(reason).filter(|reason| !reason.is_empty()),
                fail: None,
            });
        }
        match (before, message) {
            (State::Hello, Message::Hello(hello)) => {
                self.check_hello(&hello)?;
                self.state = State::Auth(hello);
                Ok(Step::Wait)
            }
            (State::Auth(hello), Message::Auth(auth)) => {
                let remote = self.check_auth(&hello, &auth, now)?;
                self.state = State::Decision { agreed: false };
                Ok(Step::Decide(remote))
            }
            (State::Decision { agreed: false }, Message::AuthOk) => {
                self.state = State::Decision { agreed: true };
                Ok(Step::Wait)
            }
            (State::Agreement, Message::AuthOk) => Ok(Step::Done {
                send: self.agreement(),
            }),
            _ => Err(Reason::OutOfTurn.into()),
        }
    }

    /// Goes on after [`Step::Decide`]: they are wanted. At any other time nothing is sent.
    pub fn admit(&mut self) -> Admitted {
        let State::Decision { agreed } = self.state else {
            return Admitted {
                send: Vec::new(),
                done: false,
            };
        };
        self.state = if agreed {
            State::Over
        } else {
            State::Agreement
        };
        let agree = Message::AuthOk.encode();
        let send = match self.role {
            Role::Initiator => vec![agree],
            Role::Responder if agreed => [&self.ours[..], &[agree]].concat(),
            Role::Responder => self.ours.clone(),
        };
        Admitted { send, done: agreed }
    }

    /// Tells what it means that they closed now, before the session began.
    pub fn closed(&self) -> Refused {
        let reason = match self.state {
            State::Hello | State::Auth(_) => Reason::ClosedAtOnce,
            State::Decision { .. } | State::Agreement | State::Over => Reason::ClosedInstead,
        };
        Refused {
            reason,
            said: None,
            fail: None,
        }
    }

    /// What is left to say once they agreed. An initiator said it before.
    fn agreement(&self) -> Vec<Vec<u8>> {
        match self.role {
            Role::Initiator => Vec::new(),
            Role::Responder => vec![Message::AuthOk.encode()],
        }
    }

    fn check_hello(&self, hello: &Hello) -> Result<(), Reason> {
        if hello.node_key != self.peer {
            return Err(Reason::OtherNode);
        }
        Ok(())
    }

    fn check_auth(&self, hello: &Hello, auth: &Auth, now: u64) -> Result<Remote, Reason> {
        if auth.session_nonce != hello.nonce {
            return Err(Reason::OtherSession);
        }
        let attestation = &auth.attestation;
        let principal = verify(attestation, self.network, now)?;
        if attestation.node_key != self.peer {
            return Err(Reason::OtherNode);
        }
        if auth.principal != attestation.principal {
            return Err(Reason::OtherPrincipal);
        }
        if auth.principal == self.our_principal {
            return Err(Reason::Ourselves);
        }
        Ok(Remote {
            principal,
            node_key: attestation.node_key,
            receipts: hello.receipts,
            attestation: attestation.to_json(),
        })
    }
}

/// Writes the frame that tells a peer that they are not wanted, or not believed. A real gateway
/// gives up at once when it gets one, and waits for ever where the stream just ends.
pub fn auth_fail(code: u64, reason: &str) -> Vec<u8> {
    let reason = PeerText::new(reason);
    Message::AuthFail { code, reason }.encode()
}
