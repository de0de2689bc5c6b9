//! All words and prefixes that something may stand beside, found in one pass.
//!
//! A pattern `word` stands alone, `word*` begins a word, `*word` ends one and `*word*` stands
//! anywhere. Scripts that write without blanks need no stars.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::scan::Scan;
use super::{bytes, contact, keys, money, passwords, places, tokens};
use crate::text::finder::{self, Finder, Word};

/// What a word says about the numbers and keys near it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// Phones and calls.
    Phone,
    /// Orders, tickets, rooms: numbers of things.
    Thing,
    /// Private keys.
    Key,
    /// The seed of a wallet.
    Seed,
    /// Amazon's cloud.
    Aws,
    /// Accounts and keys of clouds.
    Cloud,
    /// National numbers.
    Id,
}

/// What to do where a pattern stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trigger {
    /// A token by its prefix: the place in `tokens::FORMATS`.
    Token(usize),
    /// A token without a prefix of its own, or one with a structure.
    Shape(tokens::Shape),
    /// The beginning of a key file.
    Key(keys::Mark),
    /// A word for a password or a code.
    Password(passwords::Word),
    /// A word for a street.
    Street(places::Street),
    /// A word for a currency.
    Currency(money::Side),
    /// A mark of a link, an address or a file.
    Contact(contact::Mark),
    /// What the text is about here.
    Topic(Topic),
}

#[rustfmt::skip]
const TOPICS: &[(Topic, &[&str])] = &[
    (
        Topic::Phone,
        &[
            "phone*", "*phone", "call", "calls", "tel", "mobile", "cell", "cellphone",
            "whatsapp", "sms", "fax", "ring me", "text me", "reach me", "text", "dial",
            "landline", "my number", "his number", "her number", "number is", "signal",
            "telegram", "teléfono", "telefono", "tfno", "móvil", "movil", "celular", "llámame",
            "llamame", "llama", "llamar", "mi número", "tél", "téléphone", "telephone",
            "portable", "appelle*", "appeler", "mon numéro", "telefon*", "handy*", "ruf",
            "anrufen", "rufnummer", "mobil", "nummer ist", "telefone", "telemóvel", "telemovel",
            "ligue", "ligar", "liga", "meu número", "cellulare", "chiama*", "numero di",
            "telefoon", "bel", "mobiel", "тел", "телефон*", "звони*", "позвони*", "мобильн*",
            "мой номер", "сотов*", "电话", "電話", "手机", "手機", "打给", "致电", "联系方式", "携帯", "전화",
        ],
    ),
    (
        Topic::Thing,
        &[
            "order", "orders", "invoice", "ticket", "ref", "reference", "case", "room", "flight",
            "booking", "version", "isbn", "tracking", "id", "no", "nr", "serial", "sku",
            "meeting", "passcode", "account", "part", "model", "port", "issue", "build",
            "timestamp", "epoch", "commit", "revision", "article", "page", "line", "doi",
            "order number", "sendung*", "bestell*", "bestellnummer", "rechnung*", "auftrag*",
            "kundennummer", "pedido", "factura", "commande", "facture", "encomenda", "fatura",
            "nota", "ordine", "fattura", "bestelling", "factuur", "заказ*", "счет", "счёт",
            "накладн*", "订单", "單號", "单号", "編號", "编号", "会议", "发票", "№", "total", "population",
            "bytes", "users", "votes",
        ],
    ),
    (
        Topic::Key,
        &[
            "private key", "private_key", "privatekey", "private-key", "privkey", "priv key",
            "secret key", "secret_key", "secretkey", "presharedkey", "preshared key",
            "wallet key", "signing key", "encryption key", "master key", "clave privada",
            "clé privée", "cle privee", "privater schlüssel", "privaten schlüssel",
            "private schlüssel", "geheimer schlüssel", "chave privada", "chiave privata",
            "privésleutel", "приватный ключ", "закрытый ключ", "секретный ключ", "私钥", "私鑰",
            "秘密鍵", "密钥",
        ],
    ),
    (
        Topic::Seed,
        &[
            "seed", "seeds", "seed phrase", "recovery", "mnemonic*", "backup phrase",
            "secret phrase", "wallet", "12 words", "24 words", "frase semilla",
            "frase de recuperación", "palabras", "phrase de récupération", "phrase secrète",
            "wiederherstellung*", "seed-phrase", "frase de recuperação", "frase semente",
            "frase di recupero", "herstelzin", "сид-фраз*", "сид", "мнемони*", "助记词", "助記詞",
            "恢复短语", "ニーモニック", "시드",
        ],
    ),
    (
        Topic::Aws,
        &[
            "aws*", "secret access key", "secretaccesskey", "aws_secret*", "s3", "amazon",
        ],
    ),
    (
        Topic::Cloud,
        &[
            "accountkey", "account key", "azure", "storage key", "sharedaccesskey", "cosmos",
            "cosmosdb",
        ],
    ),
    (
        Topic::Id,
        &[
            "ssn", "social security", "cpf", "nir", "sécurité sociale", "dni", "nif", "nie",
            "снилс", "身份证", "身份證", "codice fiscale", "national insurance", "nino",
        ],
    ),
];

struct Pattern {
    trigger: Trigger,
    ends_word: bool,
}

struct Patterns {
    finder: Finder,
    patterns: Vec<Pattern>,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let mut words = Vec::new();
    let mut patterns = Vec::new();
    for (pattern, trigger) in all() {
        let word = pattern.trim_matches('*');
        let lower = if word
            .bytes()
            .any(|b| b.is_ascii_uppercase() || !b.is_ascii())
        {
            Cow::Owned(word.to_lowercase())
        } else {
            Cow::Borrowed(word)
        };
        let begins_word = !pattern.starts_with('*') && bytes::joins(lower.chars().next());
        patterns.push(Pattern {
            trigger,
            ends_word: !pattern.ends_with('*') && bytes::joins(lower.chars().next_back()),
        });
        words.push(Word {
            text: lower,
            anywhere: !begins_word,
        });
    }
    Patterns {
        finder: Finder::new(words.into_iter()),
        patterns,
    }
});

fn all() -> Vec<(&'static str, Trigger)> {
    let mut all = Vec::new();
    for (place, format) in tokens::FORMATS.iter().enumerate() {
        all.push((format.pattern, Trigger::Token(place)));
    }
    let mut add = |words: &'static [&'static str], trigger: Trigger| {
        all.extend(words.iter().map(|word| (*word, trigger)));
    };
    for (shape, words) in tokens::SHAPES {
        add(words, Trigger::Shape(*shape));
    }
    for (mark, words) in keys::MARKS {
        add(words, Trigger::Key(*mark));
    }
    for (word, words) in passwords::WORDS {
        add(words, Trigger::Password(*word));
    }
    for (street, words) in places::STREETS {
        add(words, Trigger::Street(*street));
    }
    for (side, words) in money::CURRENCIES {
        add(words, Trigger::Currency(*side));
    }
    for (mark, words) in contact::MARKS {
        add(words, Trigger::Contact(*mark));
    }
    for (topic, words) in TOPICS {
        add(words, Trigger::Topic(*topic));
    }
    all
}

/// Looks at every place where a pattern stands.
pub(super) fn sweep(scan: &mut Scan<'_>) {
    let patterns = &*PATTERNS;
    let lower = scan.lower;
    let pattern_of = |hit: finder::Found| patterns.patterns.get(hit.word);
    let mut found = Vec::new();
    let starts = |at| bytes::starts_word(lower, at);
    patterns.finder.each(lower, starts, |hit| {
        if pattern_of(hit).is_some_and(|p| !p.ends_word || bytes::ends_word(lower, hit.end)) {
            found.push(hit);
        }
    });
    finder::in_order_of_ends(&mut found);
    for hit in found {
        let Some(pattern) = pattern_of(hit) else {
            continue;
        };
        let (start, end) = (hit.start, hit.end);
        match pattern.trigger {
            Trigger::Token(format) => tokens::prefixed(scan, format, start),
            Trigger::Shape(shape) => tokens::shaped(scan, shape, (start, end)),
            Trigger::Key(mark) => keys::marked(scan, mark, (start, end)),
            Trigger::Password(word) => passwords::named(scan, word, (start, end)),
            Trigger::Street(street) => places::named(scan, street, (start, end)),
            Trigger::Currency(side) => money::named(scan, side, (start, end)),
            Trigger::Contact(mark) => contact::marked(scan, mark, (start, end)),
            Trigger::Topic(topic) => scan.note(end, topic),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_words_builds_and_has_no_empty_word() {
        assert_eq!(PATTERNS.finder.len(), all().len());
        let is_word = |word: &str| {
            let bare = word.trim_matches('*');
            bare.len() > 1 || bare.bytes().all(|b| b.is_ascii_punctuation())
        };
        assert!(
            all()
                .iter()
                .all(|(word, _)| is_word(word) && !word.is_empty())
        );
    }
}
