//! The one table of keys: what a key does, where, and in which words it is explained.
//!
//! Key bar and help are generated from it, so neither can name a key that does nothing.
//! No action needs Alt, a function key or an extended keyboard protocol; those are extras.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Where a key counts. Every screen has one, and [`Scope::Anywhere`] lies behind all of them
/// that are not text fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The main screen outside the composer.
    Main,
    /// After Space on the main screen.
    Leader,
    /// The composer: a text field.
    Composer,
    /// The review of one item, the only place where decisions are made.
    Review,
    /// The list of everything that needs a person.
    NeedsYou,
    /// A text field inside a review.
    ReviewText,
    /// An invite of ours.
    Invite,
    /// The forms: new invite, pasted link. Text fields.
    Form,
    /// The engagement of a channel: its rules and the text for the assistant.
    Engagement,
    /// The safety code: small letters are text.
    SafetyCode,
    /// The decision log.
    Log,
    /// For how long a channel is muted or an item put off.
    Rest,
    /// What happened since the person last looked.
    CatchUp,
    /// What was left to the digest.
    Digest,
    /// The help.
    Help,
    /// Every screen that is not a text field.
    Anywhere,
}

impl Scope {
    /// Returns the name as the help shows it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Main => "Main",
            Self::Leader => "After Space",
            Self::Composer => "Writing",
            Self::Review => "Review",
            Self::NeedsYou => "Needs you",
            Self::ReviewText => "Writing in a review",
            Self::Invite => "Invite",
            Self::Form => "Form",
            Self::Engagement => "Engagement",
            Self::SafetyCode => "Safety code",
            Self::Log => "Decision log",
            Self::Rest => "For how long",
            Self::CatchUp => "Catch-up",
            Self::Digest => "Digest",
            Self::Help => "Help",
            Self::Anywhere => "Everywhere",
        }
    }

    /// Tells whether letters are text here.
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::Composer | Self::ReviewText | Self::Form | Self::SafetyCode
        )
    }
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table below explains each in words")]
pub enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Open,
    NextPane,
    PreviousPane,
    PaneLists,
    PaneTranscript,
    PaneSide,
    Back,
    NextNeed,
    PreviousNeed,
    NextUnread,
    PreviousUnread,
    Write,
    Editor,
    Send,
    NewLine,
    TakeBack,
    Retry,
    CopyMessage,
    Engagement,
    OpenLog,
    CycleFilter,
    Difference,
    HowToExport,
    VerifyChain,
    NewInvite,
    AcceptLink,
    CopyLink,
    CopyInviteText,
    QrOnly,
    Replace,
    CancelInvite,
    NextField,
    PreviousField,
    Submit,
    NextValue,
    PreviousValue,
    TextDiff,
    Undo,
    Save,
    Leader,
    PauseChannel,
    PauseAll,
    Approve,
    Refuse,
    KeepPinned,
    Confirm,
    EditDraft,
    ReleaseClean,
    OwnWords,
    RefuseAndPause,
    Later,
    SwitchView,
    JumpSignal,
    AllNeeds,
    Select,
    MakeRule,
    CompareCode,
    CodeDiffers,
    Mute,
    PickLine,
    CatchUp,
    Digest,
    MarkAllRead,
    ShowPicture,
    Help,
    Redraw,
    Suspend,
    Quit,
}

/// A key with at most Ctrl held down. Letters carry their own case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    code: KeyCode,
    ctrl: bool,
}

const fn key(c: char) -> Chord {
    Chord {
        code: KeyCode::Char(c),
        ctrl: false,
    }
}

const fn ctrl(c: char) -> Chord {
    Chord {
        code: KeyCode::Char(c),
        ctrl: true,
    }
}

const fn named(code: KeyCode) -> Chord {
    Chord { code, ctrl: false }
}

impl Chord {
    /// Returns how the key is written: `n`, `Ctrl-J`, `Enter`.
    pub fn label(self) -> String {
        let name = if let KeyCode::Char(' ') = self.code {
            "Space".to_owned()
        } else if let KeyCode::Char(c) = self.code {
            if self.ctrl {
                c.to_ascii_uppercase().to_string()
            } else {
                c.to_string()
            }
        } else {
            self.code.to_string()
        };
        let name = match name.as_str() {
            "Page Up" => "PgUp".to_owned(),
            "Page Down" => "PgDn".to_owned(),
            "Back Tab" => "Shift-Tab".to_owned(),
            "Up" => "↑".to_owned(),
            "Down" => "↓".to_owned(),
            _ => name,
        };
        if self.ctrl {
            format!("Ctrl-{name}")
        } else {
            name
        }
    }

    fn matches(self, event: &KeyEvent) -> bool {
        let modifiers = event.modifiers.difference(KeyModifiers::SHIFT);
        let wanted = if self.ctrl {
            KeyModifiers::CONTROL
        } else {
            KeyModifiers::NONE
        };
        // Shift is part of a letter's case; with any other key it makes another key.
        let shifted = event.modifiers.contains(KeyModifiers::SHIFT)
            && !matches!(event.code, KeyCode::Char(_) | KeyCode::BackTab);
        event.code == self.code && modifiers == wanted && !shifted
    }
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where it counts.
    pub scope: Scope,
    /// The keys; the first is the one shown.
    pub keys: &'static [Chord],
    /// What it does.
    pub action: Action,
    /// The words in the key bar; empty where it stands in the help alone.
    pub bar: &'static str,
    /// The words in the help.
    pub help: &'static str,
}

macro_rules! table {
    ($($scope:ident [$($chord:expr),+] $action:ident $bar:literal $help:literal;)+) => {
        &[$(Binding {
            scope: Scope::$scope,
            keys: &[$($chord),+],
            action: Action::$action,
            bar: $bar,
            help: $help,
        }),+]
    };
}

/// Every key of the program, in the order of help and key bar.
pub const TABLE: &[Binding] = table! {
    Main [key('n')] NextNeed "next that needs you" "go to the next item that needs you";
    Main [key('N')] PreviousNeed "" "go to the previous item that needs you";
    Main [key('j'), named(KeyCode::Down)] Down "move" "move down";
    Main [key('k'), named(KeyCode::Up)] Up "" "move up";
    Main [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "half a page down";
    Main [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "half a page up; loads older messages at the top";
    Main [key('g'), named(KeyCode::Home)] Top "" "go to the first";
    Main [key('G'), named(KeyCode::End)] Bottom "" "go to the last";
    Main [named(KeyCode::Enter)] Open "open" "open what is selected; never decides";
    Main [key('W')] AllNeeds "all that waits" "open the list of everything that needs you, waits for them, or was settled today";
    Main [named(KeyCode::Tab)] NextPane "pane" "next pane";
    Main [named(KeyCode::BackTab)] PreviousPane "" "previous pane";
    Main [key('1')] PaneLists "" "go to the lists";
    Main [key('2')] PaneTranscript "" "go to the conversation";
    Main [key('3')] PaneSide "" "go to engagement, trust and delivery";
    Main [key(']')] NextUnread "" "next channel with something new";
    Main [key('[')] PreviousUnread "" "previous channel with something new";
    Main [key('i')] Write "write" "write in this channel as yourself";
    Main [key('e')] Editor "" "write in $VISUAL or $EDITOR";
    Main [key('u')] TakeBack "take back" "take back the last message while it waits to leave";
    Main [key('M')] MakeRule "" "make a rule of what you decided: opens the engagement of the channel";
    Main [key('R')] Retry "try again" "try the selected message again now";
    Main [key('y')] CopyMessage "" "copy the selected message, quoted, hidden characters shown";
    Main [key('p')] Engagement "preset" "set what the assistant may do in this channel: preset, rules and text";
    Main [key('v')] CompareCode "compare code" "compare the safety code of this channel";
    Main [key('m')] Mute "mute" "be told nothing of this channel for a while, or be told again; n passes it over";
    Main [key('z')] Later "later" "put the selected item off: an hour, until tomorrow, or until they write";
    Main [key('H')] CatchUp "catch up" "what happened since you last looked";
    Main [key('D')] Digest "" "what the rules left to the digest";
    Main [key('L')] OpenLog "log" "open the log of what was decided and done";
    Main [key('I')] NewInvite "invite" "make an invite";
    Main [key('o')] AcceptLink "open a link" "accept an invite link that somebody gave you; pasting one does the same";
    Main [key(' ')] Leader "" "more for this channel";
    Leader [key('p')] PauseChannel "pause or resume this channel" "pause or resume this channel";
    Leader [named(KeyCode::Esc)] Back "never mind" "never mind";
    NeedsYou [named(KeyCode::Enter)] Open "review" "walk into the review; never decides";
    NeedsYou [key('j'), named(KeyCode::Down)] Down "move" "move down";
    NeedsYou [key('k'), named(KeyCode::Up)] Up "" "move up";
    NeedsYou [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "some items down";
    NeedsYou [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "some items up";
    NeedsYou [key('g'), named(KeyCode::Home)] Top "" "go to the first";
    NeedsYou [key('G'), named(KeyCode::End)] Bottom "" "go to the last";
    NeedsYou [key('z')] Later "later" "decide later: in an hour, tomorrow, or when they write";
    NeedsYou [key('m')] Mute "" "be told nothing of its channel for a while, or be told again";
    NeedsYou [key('x')] Select "select" "select, or no longer";
    NeedsYou [key('A')] Confirm "act on selected" "one review of all that is selected: one kind, one channel, no signal, no !!, at most ten";
    NeedsYou [key('f')] CycleFilter "filter" "show all, drafts, messages, requests, or keys";
    NeedsYou [key('u')] TakeBack "take back" "take back the draft that was approved last, while it waits to leave";
    NeedsYou [named(KeyCode::Esc)] Back "back" "back";
    Review [key('a')] Approve "" "accept the contact, release the message, send the draft, or prepare to pin the new key";
    Review [key('A')] Confirm "" "carry out what the line above says";
    Review [key('r')] Refuse "" "refuse the contact, the message or the draft (asks why), or close the channel";
    Review [key('E')] EditDraft "" "write your version of a draft; a then sends it";
    Review [key('l')] ReleaseClean "" "release a held message with what is hidden removed";
    Review [key('s')] OwnWords "" "write to your assistant in place of a held message; a then passes it on";
    Review [key('b')] RefuseAndPause "" "refuse a message or draft, and pause the channel";
    Review [key('z')] Later "" "decide later: back, it goes on waiting, and you say until when n skips it";
    Review [key('t')] SwitchView "safe/raw/assistant" "the text made safe, as it came, or as your assistant would see it";
    Review [key('1'), key('2'), key('3'), key('4'), key('5'), key('6'), key('7'), key('8'), key('9')] JumpSignal "" "go to a signal by its number";
    Review [key('M')] MakeRule "" "open the engagement of the channel, to make a rule of this; decides nothing";
    Review [key('K')] KeepPinned "" "after a key change: go on with the key you accepted";
    Review [key('j'), named(KeyCode::Down)] Down "read on" "read on";
    Review [key('k'), named(KeyCode::Up)] Up "" "read back";
    Review [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "half a page down";
    Review [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "half a page up";
    Review [key('n')] NextNeed "next" "go to the next item that needs you";
    Review [key('N')] PreviousNeed "" "go to the previous item that needs you";
    Review [key('y')] CopyMessage "copy quoted" "copy the message, quoted, hidden characters shown";
    Review [named(KeyCode::Esc)] Back "back" "back; decides nothing";
    ReviewText [named(KeyCode::Esc)] Back "done, text kept" "done; the text is kept, and a key of the review decides";
    ReviewText [ctrl('j'), named(KeyCode::Enter)] NewLine "line" "new line; Enter never decides";
    ReviewText [named(KeyCode::Tab)] NextField "next sentence" "the next ready sentence of a refusal";
    ReviewText [named(KeyCode::F(1))] Help "help" "this help";
    Composer [named(KeyCode::Enter)] Send "send (10 s to take it back)" "send; it waits ten seconds, u takes it back";
    Composer [ctrl('j')] NewLine "line" "new line; Shift-Enter too where the terminal tells it apart";
    Composer [named(KeyCode::Esc)] Back "leave, draft kept" "leave; the draft is kept on disk";
    Composer [named(KeyCode::F(1))] Help "help" "this help";
    Invite [key('c')] CopyLink "copy link" "copy the link";
    Invite [key('t')] CopyInviteText "copy as message" "copy the link with the words to send with it";
    Invite [key('o')] ShowPicture "open as picture" "write the QR code as a picture and open it, or say where it is; it goes when you leave";
    Invite [key('f')] QrOnly "QR only" "give the whole window to the QR code";
    Invite [key('r')] Replace "replace" "make a new link for the same number; the old one dies";
    Invite [key('D')] CancelInvite "cancel" "cancel the invite (asks once); the link dies";
    Invite [named(KeyCode::Esc)] Back "back" "back";
    Form [named(KeyCode::Enter)] Submit "do it" "do it";
    Form [named(KeyCode::Tab), named(KeyCode::Down)] NextField "next field" "next field";
    Form [named(KeyCode::BackTab), named(KeyCode::Up)] PreviousField "" "previous field";
    Form [named(KeyCode::Esc)] Back "back" "back; nothing is made";
    Form [named(KeyCode::F(1))] Help "help" "this help";
    Engagement [key('j'), named(KeyCode::Down)] Down "row" "next row";
    Engagement [key('k'), named(KeyCode::Up)] Up "" "previous row";
    Engagement [key(' '), key('l'), named(KeyCode::Right)] NextValue "change" "next value of this row; saves nothing yet";
    Engagement [key('h'), named(KeyCode::Left)] PreviousValue "" "previous value of this row";
    Engagement [key('S')] Save "save" "save; asks for A first if more may happen without you";
    Engagement [key('A')] Confirm "" "carry out what the line above says";
    Engagement [key('d')] TextDiff "diff" "what changes, line by line in the text too; again goes back";
    Engagement [key('u')] Undo "undo" "undo the last change";
    Engagement [key('e')] Editor "$EDITOR" "write the text for the assistant in $VISUAL or $EDITOR";
    Engagement [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "what changes: half a page down";
    Engagement [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "what changes: half a page up";
    Engagement [named(KeyCode::Esc)] Back "back" "back; nothing is saved";
    SafetyCode [key('A')] Confirm "confirm" "say that the code is the same, once the word is typed";
    SafetyCode [key('D')] CodeDiffers "it differs" "say that it differs (asks once); the channel stops";
    SafetyCode [key('L')] Later "later" "compare it another time; the channel stays narrow";
    SafetyCode [named(KeyCode::Esc)] Back "back" "back; nothing is confirmed";
    SafetyCode [named(KeyCode::F(1))] Help "help" "this help";
    Log [named(KeyCode::Enter)] Open "open" "give the window to the selected entry, or back to the list";
    Log [key('j'), named(KeyCode::Down)] Down "entry" "go to the entry below, which is older";
    Log [key('k'), named(KeyCode::Up)] Up "" "go to the entry above, which is newer";
    Log [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "half a page down; loads older entries at the end";
    Log [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "half a page up";
    Log [key('g'), named(KeyCode::Home)] Top "" "go to the newest entry";
    Log [key('G'), named(KeyCode::End)] Bottom "" "go to the oldest entry loaded";
    Log [key('f')] CycleFilter "filter" "show all, this channel, what you did, or what rules did";
    Log [key('d')] Difference "diff" "show only the lines in which draft and sent text differ";
    Log [key('V')] VerifyChain "verify" "read every entry and check it against the next";
    Log [key('x')] HowToExport "export" "say how to write the log to a file";
    Log [named(KeyCode::Esc)] Back "back" "back";
    Rest [named(KeyCode::Enter)] Open "do it" "do what is selected";
    Rest [key('j'), named(KeyCode::Down)] Down "move" "move down";
    Rest [key('k'), named(KeyCode::Up)] Up "" "move up";
    Rest [key('1'), key('2'), key('3'), key('4'), key('5')] PickLine "" "do what stands in this line";
    Rest [named(KeyCode::Esc)] Back "back" "back; nothing changes";
    CatchUp [named(KeyCode::Enter)] Open "go there" "go to the channel, or to the digest";
    CatchUp [key('j'), named(KeyCode::Down)] Down "move" "move down";
    CatchUp [key('k'), named(KeyCode::Up)] Up "" "move up";
    CatchUp [key('g'), named(KeyCode::Home)] Top "" "go to the first";
    CatchUp [key('G'), named(KeyCode::End)] Bottom "" "go to the last";
    CatchUp [key('D')] Digest "digest" "what the rules left to the digest";
    CatchUp [key('L')] OpenLog "log" "open the log of what was decided and done";
    CatchUp [named(KeyCode::Esc)] Back "back" "back";
    Digest [named(KeyCode::Enter)] Open "go there" "go to the channel of the selected message";
    Digest [key('j'), named(KeyCode::Down)] Down "message" "next message";
    Digest [key('k'), named(KeyCode::Up)] Up "" "previous message";
    Digest [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "some messages down";
    Digest [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "some messages up";
    Digest [key('g'), named(KeyCode::Home)] Top "" "go to the first";
    Digest [key('G'), named(KeyCode::End)] Bottom "" "go to the last";
    Digest [key('R')] MarkAllRead "all read" "mark all that is listed as read";
    Digest [named(KeyCode::Esc)] Back "back" "back; nothing is marked";
    Help [key('j'), named(KeyCode::Down)] Down "move" "move down";
    Help [key('k'), named(KeyCode::Up)] Up "" "move up";
    Help [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "half a page down";
    Help [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "half a page up";
    Help [named(KeyCode::Esc), key('?'), named(KeyCode::F(1))] Back "back" "back";
    Anywhere [key('P')] PauseAll "pause all" "pause everything (asks nothing); again to resume (asks once)";
    Anywhere [key('?'), named(KeyCode::F(1))] Help "help" "keys of this screen";
    Anywhere [ctrl('l')] Redraw "" "draw everything afresh";
    Anywhere [ctrl('z')] Suspend "" "suspend; fg brings it back";
    Main [key('q'), ctrl('c')] Quit "" "quit; says first what happens to what waits";
};

/// Returns what a key does in a scope, if anything.
pub fn lookup(scope: Scope, event: &KeyEvent) -> Option<Action> {
    let find = |wanted: Scope| {
        TABLE
            .iter()
            .filter(|binding| binding.scope == wanted)
            .find(|binding| binding.keys.iter().any(|chord| chord.matches(event)))
            .map(|binding| binding.action)
    };
    find(scope).or_else(|| {
        if scope.is_text() {
            None
        } else {
            find(Scope::Anywhere)
        }
    })
}

/// Returns the lines of the table that count in a scope, its own first.
pub fn of(scope: Scope) -> impl Iterator<Item = &'static Binding> {
    let own = TABLE.iter().filter(move |binding| binding.scope == scope);
    let shared = TABLE.iter().filter(move |binding| {
        !scope.is_text() && scope != Scope::Leader && binding.scope == Scope::Anywhere
    });
    own.chain(shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_scope() {
        for (index, one) in TABLE.iter().enumerate() {
            for other in TABLE.iter().skip(index + 1) {
                if one.scope == other.scope {
                    assert!(
                        one.keys.iter().all(|key| !other.keys.contains(key)),
                        "{one:?} and {other:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn keys_that_terminals_and_multiplexers_take_are_left_to_them() {
        for binding in TABLE {
            for taken in "abhimqs[".chars().map(ctrl) {
                assert!(!binding.keys.contains(&taken), "{binding:?}");
            }
        }
    }

    #[test]
    fn enter_space_escape_tab_y_and_digits_never_decide() {
        let reflexes = [
            named(KeyCode::Enter),
            named(KeyCode::Esc),
            named(KeyCode::Tab),
            key(' '),
            key('y'),
            key('1'),
        ];
        for binding in TABLE.iter().filter(|line| line.scope == Scope::Review) {
            let decides = matches!(
                binding.action,
                Action::Approve
                    | Action::Refuse
                    | Action::KeepPinned
                    | Action::Confirm
                    | Action::ReleaseClean
                    | Action::RefuseAndPause
            );
            assert!(!decides || reflexes.iter().all(|key| !binding.keys.contains(key)));
        }
    }

    #[test]
    fn control_with_a_letter_is_not_the_letter() {
        let event = KeyEvent::new(KeyCode::Char('a'), KeyModifiers::CONTROL);
        assert_eq!(lookup(Scope::Review, &event), None);
        let event = KeyEvent::new(KeyCode::Char('a'), KeyModifiers::ALT);
        assert_eq!(lookup(Scope::Review, &event), None);
    }
}
