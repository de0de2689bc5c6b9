//! Where a key means something.

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
    /// What a search found.
    Search,
    /// The field of the search: a text field.
    SearchText,
    /// Who is found around here, and whom we asked.
    Scan,
    /// Where to look, and the words of a request: text fields.
    ScanText,
    /// Our logins on relays, and who is there.
    Logins,
    /// Our identities that run nodes, and the links that invite to them.
    Identities,
    /// The nick of one: a text field.
    IdentitiesText,
    /// The topics of a channel, with a text field above them.
    Topics,
    /// To whom else a message goes, and what became of it.
    Several,
    /// A note about a channel: a text field.
    Note,
    /// The settings.
    Settings,
    /// A text field in the settings.
    SettingsText,
    /// What works here and what does not.
    Doctor,
    /// The page of the first start.
    FirstStart,
    /// The help.
    Help,
    /// Why a message went where it went.
    Why,
    /// The palette: a text field with a list below it.
    Palette,
    /// The text field in which one writes what a list is to be filtered by.
    Filter,
    /// The text field for another name of a channel.
    Rename,
    /// The question before a channel is ended.
    EndChannel,
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
            Self::Search => "Search",
            Self::SearchText => "Typing a search",
            Self::Scan => "Look around",
            Self::ScanText => "Typing where to look",
            Self::Logins => "ClawTalk",
            Self::Identities => "ClawChat",
            Self::IdentitiesText => "Writing a nick",
            Self::Topics => "Topics",
            Self::Several => "To several",
            Self::Note => "Note",
            Self::Settings => "Settings",
            Self::SettingsText => "Writing a setting",
            Self::Doctor => "Doctor",
            Self::FirstStart => "First start",
            Self::Help => "Help",
            Self::Why => "Why",
            Self::Palette => "Go to or do",
            Self::Filter => "Filter",
            Self::Rename => "Rename",
            Self::EndChannel => "End a channel",
            Self::Anywhere => "Everywhere",
        }
    }

    /// Tells whether letters are text here.
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::Composer
                | Self::ReviewText
                | Self::Form
                | Self::SafetyCode
                | Self::SearchText
                | Self::ScanText
                | Self::IdentitiesText
                | Self::Topics
                | Self::Note
                | Self::Palette
                | Self::Filter
                | Self::Rename
                | Self::SettingsText
        )
    }

    /// Returns the name under which the settings know it: `needs_you`.
    pub fn name(self) -> String {
        super::snake(&format!("{self:?}"))
    }
}
