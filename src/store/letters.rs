//! Messages as a program of the assistant's asks for them: released to it, or written by it.

use rusqlite::params;

use crate::model::{AccountId, Content, Message, NetworkId, UnixMillis};

use super::messages::{COLUMNS, message_of};
use super::{Error, Read};

/// Which messages of a network.
#[derive(Clone, Copy, Debug)]
pub struct Which {
    /// The network.
    pub network: NetworkId,
    /// The login of ours; all of them where absent.
    pub account: Option<AccountId>,
    /// Only those that were taken, or written, after this; what was not taken is always among them.
    pub since: Option<UnixMillis>,
}

/// Returns what was released to the assistant, in the order in which it took it, what it has not
/// taken last, and whether there is more than `budget` bytes of text. `closed`: nothing that it
/// has not taken; of paused and stopped channels never.
pub fn released(
    read: &impl Read,
    which: &Which,
    closed: bool,
    budget: usize,
) -> Result<(Vec<Message>, bool), Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages m LEFT JOIN outbox o ON o.message = m.id
         JOIN channels c ON c.id = m.channel
         WHERE c.network = ?1 AND (?2 IS NULL OR c.account = ?2) AND m.author = 'peer'
           AND m.admitted = 1 AND m.raw_reason IS NULL
           AND iif(m.handed_over IS NULL, NOT ?4 AND c.paused = 0 AND c.state <> 'stopped',
               m.handed_over > ?3)
         ORDER BY ifnull(m.handed_over, {}), m.id",
        i64::MAX
    );
    collect(read, &sql, which, closed, budget)
}

/// Returns what the assistant wrote, oldest first, and whether there is more than `budget` bytes
/// of text.
pub fn written(
    read: &impl Read,
    which: &Which,
    budget: usize,
) -> Result<(Vec<Message>, bool), Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages m LEFT JOIN outbox o ON o.message = m.id
         JOIN channels c ON c.id = m.channel
         WHERE c.network = ?1 AND (?2 IS NULL OR c.account = ?2) AND m.author = 'assistant'
           AND m.at > ?3 AND ?4 = 0
         ORDER BY m.id"
    );
    collect(read, &sql, which, false, budget)
}

fn collect(
    read: &impl Read,
    sql: &str,
    which: &Which,
    closed: bool,
    budget: usize,
) -> Result<(Vec<Message>, bool), Error> {
    let mut statement = read.connection().prepare_cached(sql)?;
    let since = which.since.map_or(i64::MIN, |since| since.0);
    let account = which.account.map(|account| account.0);
    let mut rows = statement.query_map(
        params![which.network.as_str(), account, since, closed],
        message_of,
    )?;
    let (mut messages, mut bytes) = (Vec::new(), 0);
    for row in &mut rows {
        let message = row?.ok_or(Error::Corrupt("message"))?;
        if bytes > budget {
            return Ok((messages, true));
        }
        if let Content::Text(body) = &message.content {
            bytes += body.body.len();
        }
        messages.push(message);
    }
    Ok((messages, false))
}

#[cfg(test)]
mod tests {
    use super::super::channels::tests::add;
    use super::super::messages::{Arrival, NewInbound, handed_over, receive, release};
    use super::super::tests::scratch;
    use super::super::{Tx, channels};
    use super::*;
    use crate::model::{
        Admission, Body, ChannelId, ChannelState, Digest, MessageId, Passage, UnixMillis,
    };

    fn arrive(tx: &Tx<'_>, channel: ChannelId, number: u8, released: bool) -> MessageId {
        let rule = "test".to_owned();
        let admission = if released {
            Admission::Released { rule }
        } else {
            Admission::Held { rule }
        };
        let new = NewInbound {
            channel,
            seq: None,
            at: UnixMillis(i64::from(number)),
            content: &Content::Text(Body::new("", format!("{number}"))),
            envelope: Digest([number; 32]),
            admission: &admission,
            signals: &[],
            digest: false,
        };
        let Arrival::New(id) = receive(tx, &new).unwrap() else {
            panic!("it is new");
        };
        id
    }

    fn ids(tx: &Tx<'_>, since: Option<i64>, closed: bool) -> Vec<MessageId> {
        let which = Which {
            network: NetworkId::Mailbox,
            account: None,
            since: since.map(UnixMillis),
        };
        let (all, more) = released(tx, &which, closed, usize::MAX).unwrap();
        assert!(!more);
        all.iter().map(|message| message.id).collect()
    }

    #[test]
    fn what_was_held_is_not_missed_by_whoever_asks_for_what_came_since() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let channel = add(&tx, "a", ChannelState::Active, true);
        let held = arrive(&tx, channel, 1, false);
        let free = arrive(&tx, channel, 2, true);
        assert_eq!(ids(&tx, None, false), [free]);
        handed_over(&tx, free, UnixMillis(50)).unwrap();
        assert_eq!(ids(&tx, Some(50), false), []);
        release(&tx, held, Passage::AsIs, None).unwrap();
        // It arrived long before 50, and is new to whoever asks.
        assert_eq!(ids(&tx, Some(50), false), [held]);
        assert_eq!(ids(&tx, None, false), [free, held]);
    }

    #[test]
    fn nothing_new_comes_out_of_what_is_paused_or_stopped() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let channel = add(&tx, "a", ChannelState::Active, true);
        let taken = arrive(&tx, channel, 1, true);
        handed_over(&tx, taken, UnixMillis(5)).unwrap();
        let new = arrive(&tx, channel, 2, true);
        assert_eq!(ids(&tx, None, true), [taken], "everything is paused");
        channels::set_paused(&tx, channel, true).unwrap();
        assert_eq!(ids(&tx, None, false), [taken]);
        channels::set_paused(&tx, channel, false).unwrap();
        channels::set_state(&tx, channel, ChannelState::Stopped).unwrap();
        assert_eq!(ids(&tx, None, false), [taken]);
        channels::set_state(&tx, channel, ChannelState::Active).unwrap();
        assert_eq!(ids(&tx, None, false), [taken, new]);
    }

    #[test]
    fn an_answer_ends_where_it_gets_too_long_and_says_so() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let channel = add(&tx, "a", ChannelState::Active, true);
        let first = arrive(&tx, channel, 1, true);
        arrive(&tx, channel, 2, true);
        let which = Which {
            network: NetworkId::Mailbox,
            account: None,
            since: None,
        };
        let (all, more) = released(&tx, &which, false, 0).unwrap();
        assert_eq!((all.len(), more), (1, true));
        assert_eq!(all.first().map(|message| message.id), Some(first));
        let other = Which {
            network: NetworkId::Mesh,
            ..which
        };
        assert_eq!(released(&tx, &other, false, 0).unwrap().0, []);
        assert_eq!(written(&tx, &which, 0).unwrap().0, []);
    }
}
