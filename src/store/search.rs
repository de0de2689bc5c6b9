//! The index that searches ask: words of messages, of decisions and of notes.
//!
//! In a profile without a passphrase it lies in the database. In a protected one it lives in
//! memory alone, in temporary tables of the same names, which SQLite finds first; the tables in
//! the file are empty then. What is not indexed yet is listed in `find_todo`, which triggers
//! fill: the transaction that stores a text also stores that the index does not know it.
//!
//! Words reach this module folded and cut (`text::search`); it knows nothing of languages.

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use crate::model::{Author, ChannelId, UnixMillis};

use super::{Error, Read, Store, Tx};

/// What can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A message, by its id.
    Message,
    /// An entry of the decision log, by its number. Deliveries are none.
    Decision,
    /// The note of a channel, by the channel.
    Note,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Message, Self::Decision, Self::Note];

    const fn number(self) -> i64 {
        match self {
            Self::Message => 0,
            Self::Decision => 1,
            Self::Note => 2,
        }
    }

    const fn index(self) -> &'static str {
        match self {
            Self::Message => "find_messages",
            Self::Decision => "find_log",
            Self::Note => "find_notes",
        }
    }

    /// Returns the table of what is found, and its key.
    const fn rows(self) -> (&'static str, &'static str) {
        match self {
            Self::Message => ("messages", "id"),
            Self::Decision => ("log", "number"),
            Self::Note => ("notes", "channel"),
        }
    }
}

/// Words that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The words, folded: letters and digits, or characters beyond ASCII.
    pub words: Vec<String>,
    /// Whether the last one may go on.
    pub prefix: bool,
    /// Whether any of them will do, wherever it stands.
    pub any: bool,
    /// Whether they must not stand in it.
    pub not: bool,
}

/// One fact that has to hold, or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The fact.
    pub fact: Fact,
    /// Whether the opposite is wanted.
    pub not: bool,
}

/// What can be asked of a row beside its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Written, decided or kept by one of these; the assistant's decisions are its requests.
    By(Vec<Author>),
    /// In one of these channels; in none where there are none.
    In(Vec<ChannelId>),
    /// It waits for a person.
    Held,
    /// Something was found in it that weighs more than a note.
    Flagged,
    /// It left.
    Sent,
    /// Nobody answered in time.
    Expired,
    /// A person refused it.
    Refused,
    /// It is of this kind.
    Is(Kind),
    /// It names an address on the web.
    Link,
    /// It names or carries a file.
    File,
    /// It happened from the first moment on and before the second.
    Within(UnixMillis, UnixMillis),
}

/// What is looked for. Everything has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Criteria {
    /// Words.
    pub words: Vec<Words>,
    /// Facts.
    pub conditions: Vec<Condition>,
}

/// Words of the index that are looked at between two questions whether to go on.
const WORDS_AT_ONCE: u32 = 256;

/// How the index keeps who something is by.
const fn author_mark(author: Author) -> &'static str {
    match author {
        Author::Peer => "apeer",
        Author::Human => "ahuman",
        Author::Assistant => "aassistant",
    }
}

/// Facts of a row that never change, as the index keeps them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    /// Who it is by, where that is somebody.
    pub author: Option<Author>,
    /// The channel it belongs to.
    pub channel: Option<ChannelId>,
    /// Whether it names an address on the web.
    pub link: bool,
    /// Whether it names or carries a file.
    pub file: bool,
}

impl Marks {
    fn text(self) -> String {
        let mut marks = Vec::new();
        marks.extend(self.author.map(|author| author_mark(author).to_owned()));
        marks.extend(self.channel.map(|channel| format!("c{channel}")));
        marks.extend(self.link.then(|| "link".to_owned()));
        marks.extend(self.file.then(|| "file".to_owned()));
        marks.join(" ")
    }
}

/// Returns how many rows the index does not know as they are now.
pub fn waiting(read: &impl Read) -> Result<u64, Error> {
    count(read, "SELECT COUNT(*) FROM find_todo")
}

/// Tells whether the index knows everything.
pub fn is_whole(read: &impl Read) -> Result<bool, Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM find_todo)")?
        .query_row([], |row| row.get(0))?)
}

/// Returns how many rows there are to be found altogether, without counting them: none of
/// messages and decisions is ever removed.
pub fn total(read: &impl Read) -> Result<u64, Error> {
    count(
        read,
        "SELECT ifnull((SELECT MAX(id) FROM messages), 0) + ifnull((SELECT MAX(number) FROM log), 0)
            + (SELECT COUNT(*) FROM notes)",
    )
}

fn count(read: &impl Read, sql: &str) -> Result<u64, Error> {
    let count: i64 = read
        .connection()
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Returns rows that the index does not know as they are now, the newest first: what a person
/// looks for is seldom old.
pub fn next(read: &impl Read, limit: u32) -> Result<Vec<(Kind, i64)>, Error> {
    let mut statement = read
        .connection()
        .prepare_cached("SELECT item FROM find_todo WHERE kind = ?1 ORDER BY item DESC LIMIT ?2")?;
    let mut found = Vec::new();
    for kind in [Kind::Note, Kind::Message, Kind::Decision] {
        let left = i64::from(limit) - i64::try_from(found.len()).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![kind.number(), left.max(0)], |row| row.get(0))?;
        for row in rows {
            found.push((kind, row?));
        }
    }
    Ok(found)
}

/// Tells the index what a row says now; words that are folded, with spaces between them. `None`
/// for a row that is gone.
pub fn put(
    tx: &Tx<'_>,
    kind: Kind,
    item: i64,
    content: Option<(&str, Marks)>,
) -> Result<(), Error> {
    let index = kind.index();
    tx.0.prepare_cached(&format!("DELETE FROM {index} WHERE rowid = ?1"))?
        .execute([item])?;
    if let Some((text, marks)) = content {
        tx.0.prepare_cached(&format!(
            "INSERT INTO {index} (rowid, text, mark) VALUES (?1, ?2, ?3)"
        ))?
        .execute(params![item, text, marks.text()])?;
    }
    tx.0.prepare_cached("DELETE FROM find_todo WHERE kind = ?1 AND item = ?2")?
        .execute(params![kind.number(), item])?;
    Ok(())
}

/// Returns what meets the criteria, the newest first, with when it happened; at most `limit`.
pub fn find(
    read: &impl Read,
    kind: Kind,
    criteria: &Criteria,
    limit: u32,
) -> Result<Vec<(i64, UnixMillis)>, Error> {
    let Some(question) = Question::of(kind, criteria) else {
        return Ok(Vec::new());
    };
    let (table, key) = kind.rows();
    let index = kind.index();
    let mut values = Vec::new();
    let mut place = |value: Value| {
        values.push(value);
        format!("?{}", values.len())
    };
    let mut wheres = Vec::new();
    let from = if let Some(wanted) = question.wanted {
        let wanted = place(Value::Text(wanted));
        wheres.push(format!("f.{index} MATCH {wanted}"));
        format!("{index} f CROSS JOIN {table} m ON m.{key} = f.rowid")
    } else {
        format!("{table} m")
    };
    if let Some(unwanted) = question.unwanted {
        let unwanted = place(Value::Text(unwanted));
        wheres.push(format!(
            "m.{key} NOT IN (SELECT rowid FROM {index} WHERE {index} MATCH {unwanted})"
        ));
    }
    wheres.extend(question.wheres);
    if wheres.is_empty() {
        wheres.push("1".to_owned());
    }
    let order = if from.starts_with(index) {
        "f.rowid".to_owned()
    } else {
        format!("m.{key}")
    };
    let limit = place(Value::Integer(limit.into()));
    let sql = format!(
        "SELECT m.{key}, m.at FROM {from} WHERE {} ORDER BY {order} DESC LIMIT {limit}",
        wheres.join(" AND ")
    );
    let mut statement = read.connection().prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| {
        Ok((row.get(0)?, UnixMillis(row.get(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Criteria as SQL and FTS5 ask them.
#[derive(Default)]
struct Question {
    /// What the index has to match.
    wanted: Option<String>,
    /// What it must not.
    unwanted: Option<String>,
    wheres: Vec<String>,
}

impl Question {
    /// `None` where nothing of this kind can meet the criteria.
    fn of(kind: Kind, criteria: &Criteria) -> Option<Self> {
        let mut question = Self::default();
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        for words in &criteria.words {
            if words.words.is_empty() {
                // None of no words is there, and none of them is what must not be.
                if words.not {
                    continue;
                }
                return None;
            }
            let phrase = phrase(words);
            if words.not {
                unwanted.push(phrase);
            } else {
                wanted.push(phrase);
            }
        }
        for Condition { fact, not } in &criteria.conditions {
            if let Some(marks) = marks_of(fact) {
                let phrase = format!("mark : ({})", marks.join(" OR "));
                match (marks.is_empty(), not) {
                    // In no channel: nothing is, and everything is not.
                    (true, false) => return None,
                    (true, true) => {}
                    (false, false) => wanted.push(phrase),
                    (false, true) => unwanted.push(phrase),
                }
                continue;
            }
            let sql = match state(kind, fact) {
                State::Always => "1".to_owned(),
                State::Never => "0".to_owned(),
                State::If(sql) => sql,
            };
            question.wheres.push(if *not {
                format!("NOT ({sql})")
            } else {
                format!("({sql})")
            });
        }
        if question
            .wheres
            .iter()
            .any(|sql| sql == "(0)" || sql == "NOT (1)")
        {
            return None;
        }
        if kind == Kind::Decision && wanted.is_empty() {
            question
                .wheres
                .push("m.what NOT IN ('queued', 'relayed')".to_owned());
        }
        question.wanted = (!wanted.is_empty()).then(|| wanted.join(" AND "));
        question.unwanted = (!unwanted.is_empty()).then(|| unwanted.join(" OR "));
        Some(question)
    }
}

/// Returns words as a phrase of FTS5. What could be its syntax is taken out: there is none in
/// folded words.
fn phrase(words: &Words) -> String {
    let clean: Vec<String> = words
        .words
        .iter()
        .map(|word| word.replace(['"', '\0'], ""))
        .collect();
    if words.any {
        return format!("text : (\"{}\")", clean.join("\" OR \""));
    }
    let star = if words.prefix { " *" } else { "" };
    format!("text : \"{}\"{star}", clean.join(" "))
}

/// Returns the words of the index that hold `part`, at most so many, and whether those are all.
/// `go_on` is asked again and again whether to look further: every word there is has to be
/// looked at, for the index is sorted by their beginnings.
pub fn words_with(
    read: &impl Read,
    part: &str,
    most: usize,
    go_on: &dyn Fn() -> bool,
) -> Result<(Vec<String>, bool), Error> {
    let connection = read.connection();
    let schema = if is_in_memory(connection)? {
        "temp"
    } else {
        "main"
    };
    let mut found = std::collections::BTreeSet::new();
    for kind in Kind::ALL {
        let index = kind.index();
        // It holds nothing of its own: SQLite reads the words of the index through it.
        let words = format!("temp.words_{schema}_{index}");
        connection.execute_batch(&format!(
            "CREATE VIRTUAL TABLE IF NOT EXISTS {words} USING fts5vocab ({schema}, {index}, 'row')"
        ))?;
        let mut statement = connection.prepare_cached(&format!("SELECT term FROM {words}"))?;
        let mut rows = statement.query([])?;
        let mut seen = 0_u32;
        while let Some(row) = rows.next()? {
            seen += 1;
            if seen.is_multiple_of(WORDS_AT_ONCE) && !go_on() {
                return Ok((found.into_iter().collect(), false));
            }
            let word = row.get_ref(0)?.as_str().unwrap_or_default();
            if !word.contains(part) || found.contains(word) {
                continue;
            }
            if found.len() == most {
                return Ok((found.into_iter().collect(), false));
            }
            found.insert(word.to_owned());
        }
    }
    Ok((found.into_iter().collect(), true))
}

/// Returns the marks of a fact that the index knows, one of which has to be there.
fn marks_of(fact: &Fact) -> Option<Vec<String>> {
    Some(match fact {
        Fact::By(authors) => authors
            .iter()
            .map(|author| author_mark(*author).to_owned())
            .collect(),
        Fact::In(channels) => channels.iter().map(|id| format!("c{id}")).collect(),
        Fact::Link => vec!["link".to_owned()],
        Fact::File => vec!["file".to_owned()],
        Fact::Held
        | Fact::Flagged
        | Fact::Sent
        | Fact::Expired
        | Fact::Refused
        | Fact::Is(_)
        | Fact::Within(..) => return None,
    })
}

/// Whether a row of a kind meets a fact.
enum State {
    Always,
    Never,
    If(String),
}

fn state(kind: Kind, fact: &Fact) -> State {
    let messages = |sql: &str| {
        if kind == Kind::Message {
            State::If(sql.to_owned())
        } else {
            State::Never
        }
    };
    match fact {
        Fact::Held => messages("m.delivery IS 'held' OR m.admitted IS 0 AND m.raw_reason IS NULL"),
        Fact::Flagged => messages("m.flagged = 1"),
        Fact::Sent => messages("ifnull(m.delivery, '') IN ('relayed', 'collected', 'delivered')"),
        Fact::Expired => messages("m.delivery IS 'expired'"),
        Fact::Refused => messages(
            "m.delivery IS 'refused' OR m.id IN (SELECT message FROM review
                WHERE message IS NOT NULL AND verdict IN ('refuse', 'refuse_and_pause'))",
        ),
        Fact::Is(wanted) if *wanted == kind => State::Always,
        Fact::Is(_) => State::Never,
        Fact::Within(from, to) => {
            let from = (from.0 > i64::MIN).then(|| format!("m.at >= {}", from.0));
            let to = (to.0 < i64::MAX).then(|| format!("m.at < {}", to.0));
            let sides: Vec<String> = from.into_iter().chain(to).collect();
            if sides.is_empty() {
                State::Always
            } else {
                State::If(sides.join(" AND "))
            }
        }
        Fact::By(_) | Fact::In(_) | Fact::Link | Fact::File => State::Always,
    }
}

/// Lists everything as not indexed. The index has to be empty.
pub(super) fn list_all(connection: &Connection) -> Result<(), Error> {
    connection.execute_batch(
        "DELETE FROM find_todo;
         INSERT INTO find_todo SELECT 0, id FROM messages;
         INSERT INTO find_todo SELECT 1, number FROM log WHERE what NOT IN ('queued', 'relayed');
         INSERT INTO find_todo SELECT 2, channel FROM notes;",
    )?;
    Ok(())
}

/// Empties the index that lies in the file. What was in it is in the files until the next
/// [`super::at_rest::clean`].
pub(super) fn empty(connection: &Connection) -> Result<(), Error> {
    connection.execute_batch(
        "INSERT INTO main.find_messages (find_messages) VALUES ('delete-all');
         INSERT INTO main.find_log (find_log) VALUES ('delete-all');
         INSERT INTO main.find_notes (find_notes) VALUES ('delete-all');
         DELETE FROM main.find_todo;",
    )?;
    Ok(())
}

/// The tables of an index in memory, and the triggers that keep its list.
const IN_MEMORY: &str = "
    CREATE VIRTUAL TABLE temp.find_messages USING fts5 (
        text, mark, content = '', contentless_delete = 1, tokenize = 'ascii');
    CREATE VIRTUAL TABLE temp.find_log USING fts5 (
        text, mark, content = '', contentless_delete = 1, tokenize = 'ascii');
    CREATE VIRTUAL TABLE temp.find_notes USING fts5 (
        text, mark, content = '', contentless_delete = 1, tokenize = 'ascii');
    CREATE TABLE temp.find_todo (kind INTEGER NOT NULL, item INTEGER NOT NULL,
        PRIMARY KEY (kind, item)) STRICT, WITHOUT ROWID;
    CREATE TEMP TRIGGER memory_message_new AFTER INSERT ON main.messages BEGIN
        INSERT INTO find_todo SELECT 0, new.id
        WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 0 AND item = new.id);
    END;
    CREATE TEMP TRIGGER memory_message_changed
    AFTER UPDATE OF subject, body, metadata, other_subject, other_body, reason ON main.messages
    BEGIN
        INSERT INTO find_todo SELECT 0, new.id
        WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 0 AND item = new.id);
    END;
    CREATE TEMP TRIGGER memory_log_new AFTER INSERT ON main.log
    WHEN new.what NOT IN ('queued', 'relayed') BEGIN
        INSERT INTO find_todo SELECT 1, new.number
        WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 1 AND item = new.number);
    END;
    CREATE TEMP TRIGGER memory_log_changed
    AFTER UPDATE OF detail, evidence, draft, sent ON main.log BEGIN
        INSERT INTO find_todo SELECT 1, new.number
        WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 1 AND item = new.number);
    END;
    CREATE TEMP TRIGGER memory_note_new AFTER INSERT ON main.notes BEGIN
        INSERT INTO find_todo SELECT 2, new.channel
        WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 2 AND item = new.channel);
    END;
    CREATE TEMP TRIGGER memory_note_changed AFTER UPDATE OF text ON main.notes BEGIN
        INSERT INTO find_todo SELECT 2, new.channel
        WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 2 AND item = new.channel);
    END;
    CREATE TEMP TRIGGER memory_note_gone AFTER DELETE ON main.notes BEGIN
        INSERT INTO find_todo SELECT 2, old.channel
        WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 2 AND item = old.channel);
    END;";

const NOT_IN_MEMORY: &str = "
    DROP TRIGGER temp.memory_message_new;
    DROP TRIGGER temp.memory_message_changed;
    DROP TRIGGER temp.memory_log_new;
    DROP TRIGGER temp.memory_log_changed;
    DROP TRIGGER temp.memory_note_new;
    DROP TRIGGER temp.memory_note_changed;
    DROP TRIGGER temp.memory_note_gone;
    DROP TABLE temp.find_messages;
    DROP TABLE temp.find_log;
    DROP TABLE temp.find_notes;
    DROP TABLE temp.find_todo;";

fn is_in_memory(connection: &Connection) -> Result<bool, Error> {
    Ok(connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM temp.sqlite_schema WHERE name = 'find_todo')",
        [],
        |row| row.get(0),
    )?)
}

/// Makes the index of a protected profile, empty, in memory, where there is none yet. It is
/// gone with the connection.
pub fn begin_in_memory(store: &mut Store) -> Result<(), Error> {
    if is_in_memory(&store.connection)? {
        return Ok(());
    }
    let tx = store.write()?;
    tx.0.execute_batch(IN_MEMORY)?;
    list_all(&tx.0)?;
    tx.commit()
}

/// Drops an index in memory.
pub(super) fn end_in_memory(connection: &Connection) -> Result<(), Error> {
    if is_in_memory(connection)? {
        connection.execute_batch(NOT_IN_MEMORY)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
