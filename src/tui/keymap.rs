//! The one table of keys: what a key does, where, and in which words it is explained.
//!
//! What is in force is [`Keys`]: this table, and what a person changed in it. Key bar, help,
//! palette and the printed tables are generated from that, so none can name a key that does
//! nothing. No action needs Alt, a function key or an extended keyboard protocol; those are
//! extras.

mod chord;
mod keys;
mod scope;
mod sentence;

use crossterm::event::KeyCode;

pub use chord::Chord;
use chord::{ctrl, key, named, twice};
pub use keys::{Change, EnterKey, Found, Keys, KeysError, Line, Problem};
pub use scope::Scope;

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
    CatchUp,
    Digest,
    MarkAllRead,
    ShowPicture,
    BuildIndex,
    CopyReport,
    EditQuery,
    ForgetSearch,
    LookAgain,
    LookAround,
    LookLocally,
    Logins,
    LeaveLogin,
    Identities,
    Visibility,
    RelayServer,
    Topics,
    WriteTopic,
    Answer,
    SwitchKind,
    Recipients,
    ClearThread,
    Everyone,
    MakeIdentity,
    AskBack,
    Note,
    FirstLook,
    OpenDoctor,
    OpenSearch,
    OpenSettings,
    SaveSearch,
    TryClipboard,
    Palette,
    Fill,
    Filter,
    Why,
    Rename,
    EndChannel,
    Help,
    Redraw,
    Suspend,
    Quit,
}

impl Action {
    /// Returns the name under which the settings know it: `next_need`.
    pub fn name(self) -> String {
        snake(&format!("{self:?}"))
    }

    /// Tells whether this decides something, or makes more possible, where it counts in `scope`.
    pub fn decides(self, scope: Scope) -> bool {
        match scope {
            Scope::Review => matches!(
                self,
                Self::Approve
                    | Self::Refuse
                    | Self::KeepPinned
                    | Self::Confirm
                    | Self::ReleaseClean
                    | Self::RefuseAndPause
            ),
            Scope::SafetyCode => matches!(self, Self::Confirm | Self::CodeDiffers),
            Scope::Engagement => matches!(self, Self::Save | Self::Confirm),
            Scope::EndChannel | Scope::Logins | Scope::Identities | Scope::Several => {
                matches!(self, Self::Confirm)
            }
            Scope::Main
            | Scope::Leader
            | Scope::Composer
            | Scope::NeedsYou
            | Scope::ReviewText
            | Scope::Invite
            | Scope::Form
            | Scope::Log
            | Scope::Rest
            | Scope::CatchUp
            | Scope::Digest
            | Scope::Search
            | Scope::SearchText
            | Scope::Scan
            | Scope::ScanText
            | Scope::IdentitiesText
            | Scope::Topics
            | Scope::Note
            | Scope::Help
            | Scope::Why
            | Scope::Palette
            | Scope::Filter
            | Scope::Rename
            | Scope::Settings
            | Scope::SettingsText
            | Scope::Doctor
            | Scope::FirstStart
            | Scope::Anywhere => false,
        }
    }
}

/// Writes the name of a variant as `next_need`.
fn snake(variant: &str) -> String {
    let mut name = String::new();
    for c in variant.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
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
    Main [twice('g'), named(KeyCode::Home)] Top "" "go to the first";
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
    Main [key('m')] Mute "mute" "be told nothing of this channel for a while, or be told again; what waits in it is passed over";
    Main [key('z')] Later "later" "put the selected item off: an hour, until tomorrow, or until they write";
    Main [key('H')] CatchUp "catch up" "what happened since you last looked";
    Main [key('X')] FirstLook "" "put off the channels that were not looked at yet since the start, or go on with them";
    Main [key('D')] Digest "" "what the rules left to the digest";
    Main [key('L')] OpenLog "log" "open the log of what was decided and done";
    Main [key('I')] NewInvite "invite" "make an invite";
    Main [key('o')] AcceptLink "open a link" "accept an invite link that somebody gave you; pasting one does the same";
    Main [key('/')] Filter "filter" "show only the channels and items that hold what you type";
    Main [key('S')] LookAround "" "look around for others to ask for contact, and see who you are there";
    Main [key('t')] Topics "topics" "show one topic of this conversation alone, or all of it; on networks whose messages have topics";
    Main [key('a')] Answer "answer" "answer the selected message; on networks whose messages say what they answer";
    Main [key('C')] Logins "" "your logins on ClawTalk relays, and who is there";
    Main [key('K')] Identities "" "your identities on ClawChat, how each is reached, and the link that invites others";
    Main [key('w')] Why "why" "why the selected message went where it went: rule, version and signals";
    Main [named(KeyCode::Esc)] Back "" "show all of the list or of the conversation again, then go to the lists; never quits";
    Main [key(',')] OpenSettings "settings" "see and change the settings, and where each comes from";
    Main [key(' ')] Leader "menu" "what this channel can do; the list appears if you wait";
    Main [key('q'), ctrl('c')] Quit "" "quit; says first what happens to what waits";
    Leader [key('p')] PauseChannel "pause or resume" "pause or resume this channel";
    Leader [key('e')] Engagement "preset and rules" "set what the assistant may do in this channel";
    Leader [key('v')] CompareCode "compare code" "compare the safety code of this channel";
    Leader [key('a')] AskBack "ask them to accept you" "ask this peer to accept you too, where each side accepts the other by itself";
    Leader [key('r')] Rename "rename" "give this channel another name; they never see it";
    Leader [key('L')] OpenLog "log" "open the log of what was decided and done";
    Leader [key('t')] Topics "topics" "show one topic of this conversation alone, or all of it";
    Leader [key('c')] Logins "ClawTalk logins" "your logins on ClawTalk relays, and who is there";
    Leader [key('k')] Identities "ClawChat identities" "your identities on ClawChat, how each is reached, and the link that invites others";
    Leader [key('n')] Note "note on this channel" "read and write your own note on this channel; it never leaves this machine";
    Leader [key('x')] EndChannel "end" "end this channel for good (asks first)";
    Leader [named(KeyCode::Esc)] Back "never mind" "never mind";
    NeedsYou [named(KeyCode::Enter)] Open "review" "walk into the review; never decides";
    NeedsYou [key('j'), named(KeyCode::Down)] Down "move" "move down";
    NeedsYou [key('k'), named(KeyCode::Up)] Up "" "move up";
    NeedsYou [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "some items down";
    NeedsYou [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "some items up";
    NeedsYou [twice('g'), named(KeyCode::Home)] Top "" "go to the first";
    NeedsYou [key('G'), named(KeyCode::End)] Bottom "" "go to the last";
    NeedsYou [key('z')] Later "later" "decide later: in an hour, tomorrow, or when they write";
    NeedsYou [key('m')] Mute "" "be told nothing of its channel for a while, or be told again";
    NeedsYou [key('x')] Select "select" "select, or no longer";
    NeedsYou [key('A')] Confirm "act on selected" "one review of all that is selected: one kind, one channel, no signal, no !!, at most ten";
    NeedsYou [key('f')] CycleFilter "filter" "show all, drafts, messages, requests, or keys";
    NeedsYou [key('u')] TakeBack "take back" "take back the draft that was approved last, while it waits to leave";
    NeedsYou [key('/')] Filter "" "show only the items that hold what you type";
    NeedsYou [named(KeyCode::Esc)] Back "back" "back";
    Review [key('a')] Approve "" "accept the contact, release the message, send the draft, or prepare to pin the new key";
    Review [key('A')] Confirm "" "carry out what the line above says";
    Review [key('r')] Refuse "" "refuse the contact, the message or the draft (asks why), or close the channel";
    Review [key('E')] EditDraft "" "write your version of a draft, to be sent in its place";
    Review [key('l')] ReleaseClean "" "release a held message with what is hidden removed";
    Review [key('s')] OwnWords "" "write to your assistant, to be passed on in place of a held message";
    Review [key('b')] RefuseAndPause "" "refuse a message or draft, and pause the channel; block whoever asks for contact by themselves";
    Review [key('z')] Later "" "decide later: back, it goes on waiting, and you say for how long it is passed over";
    Review [key('t')] SwitchView "safe/raw/assistant" "the text made safe, as it came, or as your assistant would see it";
    Review [key('1'), key('2'), key('3'), key('4'), key('5'), key('6'), key('7'), key('8'), key('9')] JumpSignal "" "go to a signal by its number";
    Review [key('M')] MakeRule "" "open the engagement of the channel, to make a rule of this; decides nothing";
    Review [key('K')] KeepPinned "" "after a key change: go on with the key you accepted";
    Review [key('j'), named(KeyCode::Down)] Down "read on" "read on";
    Review [key('k'), named(KeyCode::Up)] Up "" "read back";
    Review [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "half a page down";
    Review [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "half a page up";
    Review [named(KeyCode::Tab)] NextPane "pane" "the text, what was found in it, what was said before: next pane or part";
    Review [named(KeyCode::BackTab)] PreviousPane "" "previous pane or part";
    Review [key('n')] NextNeed "next" "go to the next item that needs you";
    Review [key('N')] PreviousNeed "" "go to the previous item that needs you";
    Review [key('y')] CopyMessage "copy quoted" "copy the message, quoted, hidden characters shown";
    Review [named(KeyCode::Esc)] Back "back" "back; decides nothing";
    ReviewText [named(KeyCode::Esc)] Back "done, text kept" "done; the text is kept, and a key of the review decides";
    ReviewText [ctrl('j'), named(KeyCode::Enter)] NewLine "line" "new line; Enter never decides";
    ReviewText [named(KeyCode::Tab)] NextField "next sentence" "the next ready sentence of a refusal";
    ReviewText [named(KeyCode::F(1))] Help "help" "this help";
    Composer [named(KeyCode::Enter)] Send "send, can be taken back" "send; it waits for the time that the settings give, and can be taken back until then";
    Composer [ctrl('j')] NewLine "line" "new line; Shift-Enter too where the terminal tells it apart";
    Composer [ctrl('t')] WriteTopic "topic" "the topic of this message: one of the conversation, or a new one";
    Composer [ctrl('r')] Recipients "others" "send it to other peers of the same login too, sealed for each of them";
    Composer [ctrl('g')] SwitchKind "kind" "request, notification, or response where it answers something";
    Composer [ctrl('x')] ClearThread "plain" "a new request to one peer: answers nothing, has no topic of its own";
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
    Engagement [key('S')] Save "save" "save; asks once more first if more may happen without you";
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
    Log [twice('g'), named(KeyCode::Home)] Top "" "go to the newest entry";
    Log [key('G'), named(KeyCode::End)] Bottom "" "go to the oldest entry loaded";
    Log [key('f')] CycleFilter "filter" "show all, this channel, what you did, or what rules did";
    Log [key('d')] Difference "diff" "show only the lines in which draft and sent text differ";
    Log [key('V')] VerifyChain "verify" "read every entry and check it against the next";
    Log [key('x')] HowToExport "export" "say how to write the log to a file";
    Log [key('/')] Filter "" "show only the entries that hold what you type";
    Log [named(KeyCode::Esc)] Back "back" "back";
    Rest [named(KeyCode::Enter)] Open "do it" "do what is selected";
    Rest [key('j'), named(KeyCode::Down)] Down "move" "move down";
    Rest [key('k'), named(KeyCode::Up)] Up "" "move up";
    Rest [key('1'), key('2'), key('3'), key('4'), key('5')] JumpSignal "" "do what stands in this line";
    Rest [named(KeyCode::Esc)] Back "back" "back; nothing changes";
    CatchUp [named(KeyCode::Enter)] Open "go there" "go to the channel, or to the digest";
    CatchUp [key('j'), named(KeyCode::Down)] Down "move" "move down";
    CatchUp [key('k'), named(KeyCode::Up)] Up "" "move up";
    CatchUp [twice('g'), named(KeyCode::Home)] Top "" "go to the first";
    CatchUp [key('G'), named(KeyCode::End)] Bottom "" "go to the last";
    CatchUp [key('D')] Digest "digest" "what the rules left to the digest";
    CatchUp [key('L')] OpenLog "log" "open the log of what was decided and done";
    CatchUp [named(KeyCode::Esc)] Back "back" "back";
    Digest [named(KeyCode::Enter)] Open "go there" "go to the channel of the selected message";
    Digest [key('j'), named(KeyCode::Down)] Down "message" "next message";
    Digest [key('k'), named(KeyCode::Up)] Up "" "previous message";
    Digest [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "some messages down";
    Digest [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "some messages up";
    Digest [twice('g'), named(KeyCode::Home)] Top "" "go to the first";
    Digest [key('G'), named(KeyCode::End)] Bottom "" "go to the last";
    Digest [key('R')] MarkAllRead "all read" "mark all that is listed as read";
    Digest [named(KeyCode::Esc)] Back "back" "back; nothing is marked";
    Search [named(KeyCode::Enter)] Open "jump" "go to the message, the decision or the note where it stands; use the saved search";
    Search [key('j'), named(KeyCode::Down)] Down "result" "go to the result below, which is older";
    Search [key('k'), named(KeyCode::Up)] Up "" "go to the result above; above the first one is the field";
    Search [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "half a page down";
    Search [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "half a page up";
    Search [twice('g'), named(KeyCode::Home)] Top "" "go to the newest result";
    Search [key('G'), named(KeyCode::End)] Bottom "" "go to the oldest result loaded";
    Search [named(KeyCode::Tab), named(KeyCode::BackTab)] NextPane "context" "give the keys to what stands around the result, or back to the list";
    Search [key('y')] CopyMessage "copy line" "copy the text of the result, quoted, hidden characters shown";
    Search [key('s')] SaveSearch "save search" "save what is typed; it is listed where the field is empty";
    Search [key('d')] ForgetSearch "forget" "forget the saved search";
    Search [key('x')] BuildIndex "stop or go on indexing" "stop building the index, or go on; what is missing in it is not found";
    Search [key('/')] EditQuery "edit" "go to the field";
    Search [named(KeyCode::Esc)] Back "back" "back; what was typed is kept";
    SearchText [named(KeyCode::Enter)] Open "results" "go to the results";
    SearchText [named(KeyCode::Down), named(KeyCode::Tab)] Down "" "go to the results";
    SearchText [named(KeyCode::Esc)] Back "back" "back; what was typed is kept";
    SearchText [named(KeyCode::F(1))] Help "help" "this help";
    Scan [named(KeyCode::Enter)] Open "ask, or go there" "ask whoever is selected for contact (says first what is sent), or go to the channel with them";
    Scan [key('j'), named(KeyCode::Down)] Down "move" "move down";
    Scan [key('k'), named(KeyCode::Up)] Up "" "move up; above the first one is the field";
    Scan [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "some rows down";
    Scan [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "some rows up";
    Scan [twice('g'), named(KeyCode::Home)] Top "" "go to the first";
    Scan [key('G'), named(KeyCode::End)] Bottom "" "go to the last";
    Scan [key('l')] LookLocally "local network" "look for who announces themselves on the local network";
    Scan [key('M')] MakeIdentity "make an identity" "make an identity with a new key, a random id and the default address";
    Scan [key('/'), named(KeyCode::Tab)] EditQuery "address" "go to the field";
    Scan [named(KeyCode::Esc)] Back "back" "stop looking and keep what was found, else back";
    ScanText [named(KeyCode::Enter)] Submit "do it" "look at these addresses; send the request";
    ScanText [named(KeyCode::Tab), named(KeyCode::Down)] NextField "list" "go to who was found";
    ScanText [named(KeyCode::Esc)] Back "back" "stop looking, leave the request unsent, or back";
    ScanText [named(KeyCode::F(1))] Help "help" "this help";
    Topics [named(KeyCode::Enter)] Submit "take it" "take the selected topic, or what is typed as a new one";
    Topics [named(KeyCode::Down), ctrl('n')] Down "move" "next topic";
    Topics [named(KeyCode::Up), ctrl('p')] Up "" "previous topic";
    Topics [named(KeyCode::PageDown)] PageDown "" "some topics down";
    Topics [named(KeyCode::PageUp)] PageUp "" "some topics up";
    Topics [named(KeyCode::Esc)] Back "back" "back; nothing changes";
    Topics [named(KeyCode::F(1))] Help "help" "this help";
    Several [key(' '), key('x')] Select "choose" "choose, or no longer";
    Several [key('a')] Everyone "everyone" "choose everybody who is listed, or nobody: each gets a sealed message, nothing is broadcast";
    Several [named(KeyCode::Enter)] Open "done" "back to the message, which goes to these too";
    Several [key('A')] Confirm "send to all of them" "send to everybody who is listed";
    Several [key('j'), named(KeyCode::Down)] Down "move" "move down";
    Several [key('k'), named(KeyCode::Up)] Up "" "move up";
    Several [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "some rows down";
    Several [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "some rows up";
    Several [twice('g'), named(KeyCode::Home)] Top "" "go to the first";
    Several [key('G'), named(KeyCode::End)] Bottom "" "go to the last";
    Several [named(KeyCode::Esc)] Back "back" "back; nothing is chosen or sent";
    Logins [named(KeyCode::Enter)] Open "open" "who is on the relay of this login; add whoever is selected (asks first), or go to the channel with them";
    Logins [key('A')] Confirm "yes, do it" "carry out what is asked";
    Logins [key('r')] LookAgain "ask again" "ask the relay again who is there";
    Logins [key('D')] LeaveLogin "leave" "forget this login and its keys (asks first)";
    Logins [key('j'), named(KeyCode::Down)] Down "move" "move down";
    Logins [key('k'), named(KeyCode::Up)] Up "" "move up";
    Logins [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "some rows down";
    Logins [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "some rows up";
    Logins [twice('g'), named(KeyCode::Home)] Top "" "go to the first";
    Logins [key('G'), named(KeyCode::End)] Bottom "" "go to the last";
    Logins [named(KeyCode::Esc)] Back "back" "back; nothing is added or left";
    Identities [named(KeyCode::Enter)] Open "all of it" "all that is known of this identity";
    Identities [key('i')] NewInvite "invite" "the link, the code and the addresses by which others reach this identity";
    Identities [key('n')] MakeIdentity "new" "make a further identity, with a seed phrase of its own";
    Identities [key('r')] Rename "nick" "give this identity another nick; others see it";
    Identities [key('v')] Visibility "visibility" "to whom it is told where this identity is: public, private, stealth; asks before more are told";
    Identities [key('R')] RelayServer "relay" "relay for others who cannot be reached (asks first), or no longer";
    Identities [key('A')] Confirm "yes" "carry out what is asked; say that a seed phrase is written down";
    Identities [key('c')] CopyLink "copy link" "copy the link";
    Identities [key('y')] CopyMessage "copy" "copy the principal; beside a link the addresses";
    Identities [key('o')] ShowPicture "open as picture" "write the QR code as a picture and open it, or say where it is; it goes when you leave";
    Identities [key('f')] QrOnly "QR only" "give the whole window to the QR code";
    Identities [key('j'), named(KeyCode::Down)] Down "move" "move down";
    Identities [key('k'), named(KeyCode::Up)] Up "" "move up";
    Identities [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "some rows down";
    Identities [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "some rows up";
    Identities [twice('g'), named(KeyCode::Home)] Top "" "go to the first";
    Identities [key('G'), named(KeyCode::End)] Bottom "" "go to the last";
    Identities [named(KeyCode::Esc)] Back "back" "back; nothing that is asked is done";
    IdentitiesText [named(KeyCode::Enter)] Submit "take it" "take this nick; make the identity";
    IdentitiesText [named(KeyCode::Tab)] NextField "network" "the test network or the main network, for a new identity";
    IdentitiesText [named(KeyCode::Esc)] Back "back" "back; nothing is changed or made";
    IdentitiesText [named(KeyCode::F(1))] Help "help" "this help";
    Note [ctrl('j'), named(KeyCode::Enter)] NewLine "line" "new line";
    Note [named(KeyCode::Esc)] Back "back, note kept" "back; what was written is kept";
    Note [named(KeyCode::F(1))] Help "help" "this help";
    Settings [key('l'), named(KeyCode::Right)] NextValue "change" "next value of this row, at once; in a list of boxes the next box";
    Settings [key('h'), named(KeyCode::Left)] PreviousValue "" "previous value of this row, at once; in a list of boxes the box before";
    Settings [key('S')] Save "write" "write what changed into the settings file; everything else in it is kept";
    Settings [key('j'), named(KeyCode::Down)] Down "row" "next row";
    Settings [key('k'), named(KeyCode::Up)] Up "" "previous row";
    Settings [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "some rows down";
    Settings [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "some rows up";
    Settings [key('g'), named(KeyCode::Home)] Top "" "first row";
    Settings [key('G'), named(KeyCode::End)] Bottom "" "last row";
    Settings [key(' '), named(KeyCode::Enter)] Open "" "change this row: the next value, tick a box, or write a text";
    Settings [key('u')] Undo "undo" "undo the last change";
    Settings [key('e')] Editor "$EDITOR" "open the settings file in $VISUAL or $EDITOR; it is checked when you come back";
    Settings [key('T')] TryClipboard "" "copy a line, to see where the clipboard is";
    Settings [key('D')] OpenDoctor "doctor" "look whether everything works here";
    Settings [named(KeyCode::Esc)] Back "back" "back; what is not written lasts until you quit";
    SettingsText [named(KeyCode::Enter)] Submit "take it" "take this value, if it is possible";
    SettingsText [named(KeyCode::Esc)] Back "leave it" "back; the value stays as it was";
    SettingsText [named(KeyCode::F(1))] Help "help" "this help";
    Doctor [key('j'), named(KeyCode::Down)] Down "move" "move down";
    Doctor [key('k'), named(KeyCode::Up)] Up "" "move up";
    Doctor [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "half a page down";
    Doctor [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "half a page up";
    Doctor [key('r')] LookAgain "look again" "look at everything again";
    Doctor [key('y')] CopyReport "copy" "copy the report; names, keys and channels are not in it";
    Doctor [named(KeyCode::Esc)] Back "back" "back";
    FirstStart [named(KeyCode::Enter)] Open "try the demo" "try the demo, or change this row";
    FirstStart [key('S')] Save "start" "write what is chosen and begin; secrets in open files ask for A first";
    FirstStart [key('A')] Confirm "yes, start" "say yes to secrets in open files, and begin";
    FirstStart [key('l'), key(' '), named(KeyCode::Right)] NextValue "change" "next value of this row; writes nothing";
    FirstStart [key('h'), named(KeyCode::Left)] PreviousValue "" "previous value of this row; writes nothing";
    FirstStart [key('j'), named(KeyCode::Down)] Down "move" "next row";
    FirstStart [key('k'), named(KeyCode::Up)] Up "" "previous row";
    FirstStart [key('q'), ctrl('c')] Quit "leave, keep nothing" "leave; nothing was written and nothing is kept";
    Help [key('j'), named(KeyCode::Down)] Down "move" "move down";
    Help [key('k'), named(KeyCode::Up)] Up "" "move up";
    Help [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "half a page down";
    Help [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "half a page up";
    Help [twice('g'), named(KeyCode::Home)] Top "" "go to the first line";
    Help [key('G'), named(KeyCode::End)] Bottom "" "go to the last line";
    Help [key('/')] Filter "filter" "show only the lines that hold what you type";
    Help [named(KeyCode::Esc), key('?'), named(KeyCode::F(1))] Back "back" "back";
    Why [key('j'), named(KeyCode::Down)] Down "move" "move down";
    Why [key('k'), named(KeyCode::Up)] Up "" "move up";
    Why [ctrl('d'), named(KeyCode::PageDown)] PageDown "" "half a page down";
    Why [ctrl('u'), named(KeyCode::PageUp)] PageUp "" "half a page up";
    Why [named(KeyCode::Esc), key('w')] Back "back" "back";
    Palette [named(KeyCode::Enter)] Submit "run" "do what is selected; decides nothing";
    Palette [named(KeyCode::Tab)] Fill "fill" "take over the words of the selected line";
    Palette [named(KeyCode::Down), ctrl('n')] Down "" "next line";
    Palette [named(KeyCode::Up), ctrl('p')] Up "" "previous line";
    Palette [named(KeyCode::PageDown)] PageDown "" "some lines down";
    Palette [named(KeyCode::PageUp)] PageUp "" "some lines up";
    Palette [named(KeyCode::Esc)] Back "" "never mind";
    Palette [named(KeyCode::F(1))] Help "help" "this help";
    Filter [named(KeyCode::Enter)] Submit "keep" "back to the list, filtered";
    Filter [named(KeyCode::Esc)] Back "show all" "back to the list, all of it";
    Filter [named(KeyCode::F(1))] Help "help" "this help";
    Rename [named(KeyCode::Enter)] Submit "rename" "use this name from now on";
    Rename [named(KeyCode::Esc)] Back "back" "back; the name stays";
    Rename [named(KeyCode::F(1))] Help "help" "this help";
    EndChannel [key('X')] Confirm "end it for good" "end the channel: nothing enters, nothing leaves, ever again";
    EndChannel [named(KeyCode::Esc)] Back "back" "back; nothing is ended";
    Anywhere [ctrl('k'), key(':'), ctrl('p')] Palette "go to…" "go to or do something by its name: channels, actions, invites, settings";
    Anywhere [key('P')] PauseAll "pause all" "pause everything (asks nothing); again to resume (asks once)";
    Anywhere [ctrl('f')] OpenSearch "" "search messages, decisions and notes";
    Anywhere [key('?'), named(KeyCode::F(1))] Help "help" "keys of this screen";
    Anywhere [ctrl('l')] Redraw "" "draw everything afresh";
    Anywhere [ctrl('z')] Suspend "" "suspend; fg brings it back";
};

#[cfg(test)]
mod tests;
