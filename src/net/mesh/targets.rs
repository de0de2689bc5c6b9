//! Addresses to scan, written short: `http://192.168.1.{1-254}:8787`, `http://{lab,den}.local`.
//!
//! Braces hold a list of words and ranges of numbers; several stand for every combination. What
//! comes out is bounded, because one line more in a shell is quickly a whole network.

use std::collections::HashSet;

use crate::wire::mailbox::RelayUrl;

/// Addresses that one scan asks at most.
pub const MOST_TARGETS: usize = 65_536;

/// Longest template that is looked at.
const LONGEST: usize = 1024;

/// Digits of the longest number in a range: enough for ports and for parts of an address.
const LONGEST_NUMBER: usize = 5;

/// What is wrong with a template, in words for whoever typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// A brace without its other half, or one inside of another.
    #[error("braces do not match; write them as in http://192.168.1.{{1-254}}:8787")]
    Braces,
    /// Nothing between braces or between commas.
    #[error("something is missing between braces; write {{1-254}} or {{a,b}}")]
    Empty,
    /// A range that ends before it begins.
    #[error("a range ends before it begins; write the smaller number first")]
    Backwards,
    /// A number with more digits than anything here has.
    #[error("a number in a range has more than {LONGEST_NUMBER} digits")]
    LongNumber,
    /// More addresses than are asked at once.
    #[error("that is more than {MOST_TARGETS} addresses; scan a part at a time")]
    TooMany,
    /// What comes out is no address.
    #[error("this is not an address; it should be like http://192.168.1.5:8787")]
    NotAnAddress,
}

/// Returns the addresses that a template stands for, in order, each once.
pub fn expand(template: &str) -> Result<Vec<RelayUrl>, TargetError> {
    let mut seen = HashSet::new();
    let mut targets = Vec::new();
    for address in fill_in(template)? {
        let url = RelayUrl::parse(&address).map_err(|_why| TargetError::NotAnAddress)?;
        if seen.insert(url.clone()) {
            targets.push(url);
        }
    }
    Ok(targets)
}

fn fill_in(template: &str) -> Result<Vec<String>, TargetError> {
    if template.len() > LONGEST {
        return Err(TargetError::NotAnAddress);
    }
    let mut begun = vec![String::new()];
    let mut rest = template;
    loop {
        let (plain, after) = match rest.split_once('{') {
            Some((plain, after)) => (plain, Some(after)),
            None => (rest, None),
        };
        if plain.contains('}') {
            return Err(TargetError::Braces);
        }
        for address in &mut begun {
            address.push_str(plain);
        }
        let Some(after) = after else {
            return Ok(begun);
        };
        let (inside, behind) = after.split_once('}').ok_or(TargetError::Braces)?;
        if inside.contains('{') {
            return Err(TargetError::Braces);
        }
        let choices = choices(inside)?;
        if begun.len().saturating_mul(choices.len()) > MOST_TARGETS {
            return Err(TargetError::TooMany);
        }
        begun = begun
            .iter()
            .flat_map(|begun| choices.iter().map(move |choice| format!("{begun}{choice}")))
            .collect();
        rest = behind;
    }
}

/// Returns what stands between two braces.
fn choices(inside: &str) -> Result<Vec<String>, TargetError> {
    let mut choices = Vec::new();
    for item in inside.split(',').map(str::trim) {
        if item.is_empty() {
            return Err(TargetError::Empty);
        }
        match range(item) {
            Some((first, last)) => choices.extend(numbers(first, last)?),
            None => choices.push(item.to_owned()),
        }
        if choices.len() > MOST_TARGETS {
            return Err(TargetError::TooMany);
        }
    }
    Ok(choices)
}

/// Splits a range. A word with a hyphen in it is none.
fn range(item: &str) -> Option<(&str, &str)> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    item.split_once('-')
        .filter(|(first, last)| is_number(first) && is_number(last))
}

/// Counts, with the zeros in front that the first number has.
fn numbers(first: &str, last: &str) -> Result<impl Iterator<Item = String>, TargetError> {
    if first.len().max(last.len()) > LONGEST_NUMBER {
        return Err(TargetError::LongNumber);
    }
    let number = |text: &str| text.parse::<u32>().map_err(|_long| TargetError::LongNumber);
    let width = first.len();
    let (first, last) = (number(first)?, number(last)?);
    if last < first {
        return Err(TargetError::Backwards);
    }
    Ok((first..=last).map(move |number| format!("{number:0width$}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn addresses(template: &str) -> Result<Vec<String>, TargetError> {
        let targets = expand(template)?;
        Ok(targets.iter().map(|url| url.as_str().to_owned()).collect())
    }

    #[test]
    fn ranges_and_lists_stand_for_every_combination() {
        assert_eq!(
            addresses("http://192.168.1.{1-3}:8787/").unwrap(),
            [
                "http://192.168.1.1:8787",
                "http://192.168.1.2:8787",
                "http://192.168.1.3:8787"
            ]
        );
        assert_eq!(
            addresses("http://{lab-1,den}.local:{8787,9000-9001}").unwrap(),
            [
                "http://lab-1.local:8787",
                "http://lab-1.local:9000",
                "http://lab-1.local:9001",
                "http://den.local:8787",
                "http://den.local:9000",
                "http://den.local:9001"
            ]
        );
        assert_eq!(
            addresses("http://host{08-10}/a").unwrap(),
            ["http://host08/a", "http://host09/a", "http://host10/a"]
        );
        assert_eq!(addresses("http://one").unwrap(), ["http://one"]);
    }

    #[test]
    fn an_address_that_is_named_twice_is_asked_once() {
        let targets = addresses("http://10.0.0.{1-2,2}/");
        assert_eq!(targets.unwrap(), ["http://10.0.0.1", "http://10.0.0.2"]);
    }

    #[test]
    fn what_cannot_be_meant_is_told_in_words() {
        for (template, error) in [
            ("http://10.0.0.{1-2", TargetError::Braces),
            ("http://10.0.0.1-2}", TargetError::Braces),
            ("http://10.0.0.{1-{2}}", TargetError::Braces),
            ("http://10.0.0.{}", TargetError::Empty),
            ("http://10.0.0.{1,,2}", TargetError::Empty),
            ("http://10.0.0.{9-2}", TargetError::Backwards),
            ("http://10.0.0.{1-999999}", TargetError::LongNumber),
            ("http://10.{0-255}.{0-255}.{0-255}", TargetError::TooMany),
            ("10.0.0.{1-3}", TargetError::NotAnAddress),
            ("http://10.0.0.{1-300}", TargetError::NotAnAddress),
            ("http://me:secret@10.0.0.1", TargetError::NotAnAddress),
            ("http://10.0.0.1/?a={1-2}", TargetError::NotAnAddress),
        ] {
            assert_eq!(addresses(template), Err(error), "{template}");
        }
    }

    #[test]
    fn as_many_addresses_as_are_allowed_are_made_and_no_more() {
        assert_eq!(
            addresses("http://10.0.{0-255}.{0-255}").unwrap().len(),
            MOST_TARGETS
        );
        let more = "http://10.0.{0-255}.{0-255}:{1-2}";
        assert_eq!(addresses(more), Err(TargetError::TooMany));
        let words = format!("http://{{{}}}", vec!["0-65535"; 30].join(","));
        assert_eq!(addresses(&words), Err(TargetError::TooMany));
    }

    proptest! {
        #[test]
        fn any_template_is_answered(template in "(http://)?[{}0-9a-c,.:/ -]{0,40}") {
            if let Ok(targets) = expand(&template) {
                prop_assert!(targets.len() <= MOST_TARGETS);
            }
        }
    }
}
