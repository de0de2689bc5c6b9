//! Passwords, codes and keys that a word before them names.

use crate::model::Severity;
use crate::model::SignalCode::{SecretApiKey, SecretPassword};

use super::bytes::{
    at, char_at, char_before, is_blank, is_unspaced, skip_blanks, word_end, word_start,
};
use super::checks;
use super::scan::{Leak, Scan};
use crate::text::views::floor;

/// What kind of value a word announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A password: any word may be one.
    Password,
    /// The code of a door, a card or an account: digits.
    Code,
    /// A word that also means other things: digits, and only after "is" or a colon.
    WeakCode,
    /// A key for a program: long and random.
    ApiKey,
}

/// The words.
#[rustfmt::skip]
pub(super) const WORDS: &[(Word, &[&str])] = &[
    (
        Word::Password,
        &[
            "password", "*_password", "passwords", "passwd", "pwd", "passphrase", "pass phrase",
            "passcode", "pass word", "passw0rd", "*pass", "contraseña", "contrasena", "clave",
            "palabra de paso", "mot de passe", "mots de passe", "mdp", "passwort", "passwörter",
            "kennwort", "losung", "senha", "palavra-passe", "palavra passe", "parola d'ordine",
            "password di", "wachtwoord", "пароль", "пароля", "паролем", "пароли", "密码", "密碼",
            "口令", "パスワード", "暗証番号", "비밀번호", "hasło",
        ],
    ),
    (
        Word::Code,
        &[
            "pin", "pin code", "pincode", "pin-code", "gate code", "door code", "entry code",
            "alarm code", "access code", "lockbox code", "lock code", "garage code",
            "keypad code", "building code", "safe code", "security code", "verification code",
            "one-time code", "one time code", "one-time password", "otp", "2fa code", "2fa",
            "mfa code", "login code", "auth code", "sms code", "unlock code", "cvv", "cvc",
            "código pin", "código de acceso", "código de la puerta", "código de entrada",
            "código de la alarma", "código del portal", "código de verificación",
            "code d'entrée", "code d'accès", "code de la porte", "code porte", "code du portail",
            "code pin", "code de l'immeuble", "code de vérification", "digicode", "türcode",
            "tür-code", "zugangscode", "torcode", "bestätigungscode", "sicherheitscode",
            "alarmcode", "geheimzahl", "código da porta", "código do portão", "código de acesso",
            "código do alarme", "código de verificação", "codice del cancello",
            "codice di accesso", "codice porta", "deurcode", "toegangscode", "pincode",
            "код от двери", "код двери", "код домофона", "код подъезда", "код от домофона",
            "код от ворот", "код подтверждения", "пин-код", "пин", "пинкод", "пин код", "门禁密码",
            "门禁码", "门密码", "開門密碼", "验证码", "驗證碼", "取件码", "暗証コード",
        ],
    ),
    (
        Word::WeakCode,
        &[
            "code", "combination", "combo", "código", "codigo", "codice", "код", "代码",
            "combinación", "combinaison",
        ],
    ),
    (
        Word::ApiKey,
        &[
            "*api key", "*api_key", "*apikey", "*api-key", "*api token", "*secret",
            "*client_secret", "*client secret", "*access_token", "*access token", "*auth_token",
            "*token", "*access_key", "*access key", "*secret_key", "*secret key", "*secretkey",
            "*accountkey", "*sharedaccesskey", "*signing_key", "*encryption_key",
            "*private_token", "*_key", "*credential", "*credentials", "clave api",
            "clave de api", "clave de la api", "clé api", "clé d'api", "clé de l'api",
            "api-schlüssel", "schlüssel", "chave api", "chave de api", "chave da api",
            "chiave api", "api-sleutel", "api ключ", "api-ключ", "ключ api", "ключ", "токен",
            "api 密钥", "密钥", "令牌", "apiキー", "トークン",
        ],
    ),
];

/// Words that may stand between the name and "is", for example "for the wifi".
#[rustfmt::skip]
const BETWEEN: &[&str] = &[
    "for", "to", "of", "on", "at", "the", "a", "my", "our", "your", "his", "her", "their",
    "this", "that", "front", "back", "side", "gate", "door", "house", "garage", "building",
    "main", "wifi", "wi-fi", "router", "network", "guest", "account", "login", "server",
    "database", "laptop", "phone", "email", "mail", "entrance", "lobby", "alarm", "number",
    "code", "here", "now", "new", "old", "current", "still", "just", "and", "del", "de", "la",
    "el", "los", "mi", "tu", "su", "para", "puerta", "portal", "nuestra", "nuestro", "nueva",
    "du", "le", "pour", "mon", "ma", "notre", "porte", "portail", "d'entrée", "nouveau", "für",
    "das", "die", "der", "den", "dem", "zum", "zur", "vom", "im", "mein", "unser", "wlan", "tür",
    "haustür", "neue", "lautet", "do", "da", "o", "meu", "minha", "porta", "portão", "casa",
    "rede", "nova", "il", "lo", "di", "della", "per", "cancello", "van", "het", "voor", "deur",
    "от", "для", "на", "к", "вайфая", "вайфай", "двери", "дверь", "домофона", "ворот",
    "подъезда", "мой", "наш", "сервера", "новый", "почты",
];

/// Words that say "the value follows".
#[rustfmt::skip]
const IS: &[&str] = &[
    "is", "was", "are", "be", "=", "es", "est", "ist", "lautet", "é", "è", "era", "war", "это",
    "as",
];

/// What follows "is" where no password follows.
#[rustfmt::skip]
const NO_VALUES: &[&str] = &[
    "required", "requires", "expired", "wrong", "incorrect", "invalid", "not", "too", "reset",
    "the", "a", "an", "in", "on", "at", "to", "being", "still", "needed", "weak", "strong",
    "stored", "now", "same", "changed", "case", "case-sensitive", "correct", "valid", "missing",
    "unknown", "secret", "safe", "secure", "fine", "ok", "okay", "good", "bad", "long", "short",
    "empty", "encrypted", "hashed", "set", "sent", "shared", "confidential", "private",
    "unchanged", "new", "old", "different", "coming", "due", "here", "there", "up", "yours",
    "mine", "known", "written", "under", "with", "by", "for", "from", "about", "what", "how",
    "why", "where", "when", "who", "which", "policy", "manager", "protected", "something",
    "anything", "nothing", "never", "always", "only", "also", "really", "probably", "already",
    "then", "important", "it", "that", "this", "your", "my", "our", "one", "no", "yes", "none",
    "null", "nil", "true", "false", "undefined", "tbd", "n/a", "see", "ask", "below", "above",
    "attached", "string", "str", "optional", "muy", "demasiado", "incorrecta", "correcta", "la",
    "el", "una", "segura", "necesaria", "obligatoria", "caducada", "nueva", "válida",
    "incorrect", "expiré", "trop", "oublié", "le", "un", "une", "pas", "obligatoire",
    "nécessaire", "sûr", "valide", "dans", "sur", "toujours", "falsch", "abgelaufen", "zu",
    "sicher", "geheim", "nicht", "richtig", "erforderlich", "das", "der", "die", "ein", "eine",
    "im", "bekannt", "noch", "neu", "gleich", "incorreta", "muito", "obrigatória", "uma", "um",
    "fraca", "forte", "expirou", "não", "non", "troppo", "errata", "scaduta", "sbagliata",
    "verlopen", "onjuist", "verplicht", "неверный", "неправильный", "не", "слишком", "устарел",
    "обязателен", "нужен", "истек", "истёк", "новый", "надежный", "надёжный", "сложный",
    "важный",
];

/// Words before "code" that make it the number of a thing.
#[rustfmt::skip]
const CODES_OF_THINGS: &[&str] = &[
    "zip", "postal", "post", "area", "country", "error", "exit", "status", "dress", "source",
    "promo", "discount", "coupon", "voucher", "qr", "bar", "booking", "swift", "sort", "product",
    "color", "colour", "currency", "http", "response", "return", "language", "airport", "dial",
    "dialing", "dialling", "tax", "morse", "machine", "legal", "penal", "civil", "referral",
    "invite", "tracking", "course", "reason", "género", "postale", "почтовый", "errore",
    "confirmation", "reservation", "penale", "civile", "item", "model", "sku", "iso",
];

/// Words between the name and "is" at most.
const MOST_BETWEEN: usize = 5;

/// Bytes of a value at most.
const LONGEST_VALUE: usize = 512;

/// How a value is tied to its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tie {
    /// A colon or an equals sign.
    Sign,
    /// A word such as "is".
    Is,
    /// Nothing at all.
    Nothing,
}

/// Reports the value that the word at a place announces.
pub(super) fn named(scan: &mut Scan<'_>, word: Word, (start, end): (usize, usize)) {
    let code = if word == Word::ApiKey {
        SecretApiKey
    } else {
        SecretPassword
    };
    if scan.is_full(code) || (word == Word::WeakCode && is_code_of_thing(scan.lower, start)) {
        return;
    }
    let Some((tie, value_start)) = tied(scan.lower, end) else {
        return;
    };
    // Untied values are ASCII; asking first keeps a row of such names cheap.
    if tie == Tie::Nothing && !at(scan.text.as_bytes(), value_start).is_ascii_graphic() {
        return;
    }
    let fits = match word {
        Word::Password => password(scan.text, scan.lower, tie, value_start),
        Word::WeakCode if tie == Tie::Nothing => None,
        Word::Code | Word::WeakCode => digits(scan.lower, tie, value_start),
        Word::ApiKey => api_key(scan.text, tie, value_start),
    };
    if let Some(span) = fits {
        scan.add(Leak::rule(code, Severity::High, span).led_by(start));
    }
}

fn is_code_of_thing(lower: &str, start: usize) -> bool {
    let end = lower
        .get(..start)
        .unwrap_or_default()
        .trim_end_matches([' ', '-'])
        .len();
    let word = lower.get(word_start(lower, end)..end).unwrap_or_default();
    CODES_OF_THINGS.contains(&word)
}

/// Follows the words from a name to where its value would begin.
fn tied(lower: &str, end: usize) -> Option<(Tie, usize)> {
    let text = lower.as_bytes();
    let mut place = end;
    for _ in 0..=MOST_BETWEEN {
        if let Some(after) = sign(lower, place) {
            return Some((Tie::Sign, after));
        }
        if let Some(after) = unspaced_is(lower, place) {
            return Some((Tie::Is, after));
        }
        let word = skip_blanks(text, place);
        let is_bracket = matches!(at(text, word), b'(' | b')');
        let word = if is_bracket { word + 1 } else { word };
        let next = word_end(lower, word);
        let letters = lower.get(word..next)?;
        if IS.contains(&letters) {
            let after = skip_blanks(text, next);
            let after = if matches!(at(text, after), b':' | b'=') {
                after + 1
            } else {
                after
            };
            return Some((Tie::Is, skip_blanks(text, after)));
        }
        if letters.is_empty() || !BETWEEN.contains(&letters) {
            return Some((Tie::Nothing, skip_blanks(text, word)));
        }
        place = next;
    }
    None
}

/// Returns where the text goes on after a colon or an equals sign.
fn sign(lower: &str, place: usize) -> Option<usize> {
    let text = lower.as_bytes();
    let is_filler = |b: u8| is_blank(b) || matches!(b, b'"' | b'\'' | b'`' | b'*' | b']' | b')');
    let mut place = super::bytes::run_end(text.get(..place + 6).unwrap_or(text), place, is_filler);
    let first = at(text, place);
    if !matches!(first, b':' | b'=' | b'-') || (first == b'-' && at(text, place + 1) != b'>') {
        return None;
    }
    while matches!(at(text, place), b':' | b'=' | b'>' | b'-') {
        place += 1;
    }
    if text.get(place..)?.starts_with(b"//") {
        return None;
    }
    let after = skip_blanks(text, place);
    // "Password:" alone on its line, the value on the next one.
    let next_line = match (at(text, after), at(text, after + 1)) {
        (b'\n', _) => after + 1,
        (b'\r', b'\n') => after + 2,
        _ => after,
    };
    Some(skip_blanks(text, next_line))
}

fn unspaced_is(lower: &str, place: usize) -> Option<usize> {
    let rest = lower.get(place..)?.trim_start_matches(' ');
    let after = ["是", "为", "為", "は", "がは", "은", "는"]
        .iter()
        .find_map(|word| rest.strip_prefix(word))?;
    let after = after.trim_start_matches([' ', ':']);
    Some(lower.len() - after.len())
}

/// Returns the value at a place, without the quotes around and the full stop behind it.
fn value(text: &str, start: usize) -> Option<(usize, usize, bool)> {
    let rest = text.get(start..)?;
    let quote = rest
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`' | '*'));
    let start = start + quote.map_or(0, char::len_utf8);
    let rest = text.get(start..floor(text, start + LONGEST_VALUE))?;
    let end = match quote.and_then(|quote| rest.find(quote)) {
        Some(end) if !rest.get(..end).unwrap_or_default().contains('\n') => end,
        _ => {
            let word = rest
                .split(|c: char| {
                    c.is_whitespace() || matches!(c, '"' | ',' | ';' | '<' | '>' | '、')
                })
                .next()
                .unwrap_or_default();
            word.trim_end_matches([
                '.', ',', ';', ':', '!', '?', ')', ']', '}', '"', '\'', '`', '*',
            ])
            .len()
        }
    };
    (end > 0).then_some((start, start + end, quote.is_some()))
}

fn password(text: &str, lower: &str, tie: Tie, start: usize) -> Option<(usize, usize)> {
    let (start, end, is_quoted) = value(text, start)?;
    let letters = text.get(start..end)?;
    let small = lower.get(start..end)?;
    let count = letters.chars().take(LONGEST_VALUE).count();
    let has_digit = letters.bytes().any(|b| b.is_ascii_digit());
    let is_random = (has_digit && letters.chars().any(char::is_alphabetic))
        || letters.contains(['!', '#', '$', '%', '&', '^', '~'])
        || (has_digit && count >= 4);
    let first_word = small.split([' ', '-', '/']).next().unwrap_or_default();
    let is_prose = NO_VALUES.contains(&small) || NO_VALUES.contains(&first_word) && !is_random;
    if is_prose || count < 3 || is_placeholder(letters) || small.contains("://") {
        return None;
    }
    let fits = match tie {
        _ if is_quoted => tie != Tie::Nothing || count >= 4,
        Tie::Sign => letters.is_ascii() || is_random || !letters.chars().any(is_unspaced),
        Tie::Is => is_random || (ends_sentence(text, end) && is_lone_word(small)),
        Tie::Nothing => has_digit && checks::is_mixed(letters.as_bytes()) && count >= 6,
    };
    fits.then_some((start, end))
}

/// Tells whether a word is no participle or adverb, which often end "the password is ...".
fn is_lone_word(small: &str) -> bool {
    small.is_ascii()
        && small.len() >= 4
        && !["ed", "ing", "ly", "able", "en"]
            .iter()
            .any(|end| small.ends_with(end))
}

fn ends_sentence(text: &str, end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    let first = rest
        .trim_start_matches([' ', '"', '\'', '`', ')'])
        .chars()
        .next();
    first.is_none_or(|c| matches!(c, '.' | ',' | ';' | '!' | '\n' | '\r' | '('))
        || [" and ", " y ", " et ", " und ", " e ", " и "]
            .iter()
            .any(|word| rest.starts_with(word))
}

fn is_placeholder(letters: &str) -> bool {
    let Some(first) = letters.chars().next() else {
        return true;
    };
    letters
        .chars()
        .all(|c| c == first || matches!(c, '*' | '.' | '-' | '_' | '•' | '…' | 'x' | 'X' | '?'))
        || matches!(first, '<' | '{' | '[' | '(')
        || letters.starts_with("${")
        || letters.starts_with("$(")
        || letters.starts_with("%s")
        || letters.contains("process.env")
        || letters.contains("os.environ")
}

/// Digits of a code at least and at most.
const CODE: std::ops::RangeInclusive<usize> = 3..=10;

fn digits(lower: &str, tie: Tie, start: usize) -> Option<(usize, usize)> {
    let text = lower.as_bytes();
    let start = if matches!(at(text, start), b'"' | b'\'' | b'`' | b'*') {
        start + 1
    } else {
        start
    };
    let window = text.get(..start + 24).unwrap_or(text);
    let is_code = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'#' | b'*' | b'-');
    let mut end = super::bytes::run_end(window, start, is_code);
    // "4 4 1 7", "44 17"
    while at(text, end) == b' '
        && at(window, end + 1).is_ascii_digit()
        && at(text, end.saturating_sub(1)).is_ascii_digit()
    {
        end = super::bytes::run_end(window, end + 1, |b| b.is_ascii_digit());
    }
    while end > start && matches!(text.get(end - 1), Some(b'-' | b'*')) {
        end -= 1;
    }
    let letters = text.get(start..end)?;
    let count = letters.iter().filter(|b| b.is_ascii_digit()).count();
    let others = letters.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let least = if tie == Tie::Nothing {
        4
    } else {
        *CODE.start()
    };
    let is_time = at(text, end) == b':' && at(text, end + 1).is_ascii_digit();
    let is_amount = matches!(
        char_at(lower, end),
        Some('%' | '€' | '$' | '元' | '年' | '月')
    ) || matches!(char_before(lower, start), Some('$' | '€' | '£'));
    let is_unit = {
        let word = skip_blanks(text, end);
        let unit = lower.get(word..word_end(lower, word)).unwrap_or_default();
        [
            "minutes",
            "min",
            "mins",
            "seconds",
            "days",
            "hours",
            "people",
            "digits",
            "characters",
            "lines",
            "letters",
            "times",
            "chars",
            "ziffern",
            "chiffres",
            "dígitos",
            "цифр",
            "цифры",
            "位",
        ]
        .contains(&unit)
    };
    let fits = count >= least
        && CODE.contains(&count)
        && others <= 4
        && !is_time
        && !is_amount
        && !is_unit;
    fits.then_some((start, end))
}

fn api_key(text: &str, tie: Tie, start: usize) -> Option<(usize, usize)> {
    let (start, end, _) = value(text, start)?;
    let letters = text.get(start..end)?.as_bytes();
    let (least, entropy) = match tie {
        Tie::Sign => (12, 3.0),
        Tie::Is => (16, 3.0),
        Tie::Nothing => (20, 3.5),
    };
    let is_token = letters.len() >= least
        && letters.iter().all(u8::is_ascii_graphic)
        && checks::is_mixed(letters)
        && checks::entropy(letters) > entropy
        && !letters.windows(3).any(|part| part == b"://")
        && !letters.contains(&b'(')
        && !letters.starts_with(b"$");
    is_token.then_some((start, end))
}
