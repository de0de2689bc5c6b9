//! Fills placeholders in preset and invitation texts.
//!
//! The syntax is what `clawbuddy` templates use of Python's `str.format`, and no more of it:
//! `{name}` is a value, `{{` and `}}` are braces. Attributes, indexes, conversions and format
//! specifications are refused, so a template can reach nothing but the values it is given.
//! Values are put in as they are and never read as a template again.

/// Longest part of a placeholder that an error repeats, in characters.
const LONGEST_QUOTE: usize = 40;

/// Why a template cannot be filled. The texts name the placeholder, control characters escaped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No value has this name.
    #[error("unknown placeholder {{{0}}}; possible are {1}")]
    Unknown(String, String),
    /// The braces hold more than a name.
    #[error("{{{0}}} is not a placeholder: only a plain name may stand in braces")]
    NotAName(String),
    /// A brace without its other half.
    #[error("a single `{0}` in the template; write it twice to mean the character")]
    SingleBrace(char),
}

/// Fills a template: `{name}` becomes the value of that name, `{{` and `}}` become braces.
pub fn fill(template: &str, values: &[(&str, &str)]) -> Result<String, Error> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, brace, after)) = split_at_brace(rest) {
        filled.push_str(before);
        rest = if let Some(after) = after.strip_prefix(brace) {
            filled.push(brace);
            after
        } else if brace == '{' {
            let (name, after) = after.split_once('}').ok_or(Error::SingleBrace('{'))?;
            filled.push_str(value(name, values)?);
            after
        } else {
            return Err(Error::SingleBrace('}'));
        };
    }
    filled.push_str(rest);
    Ok(filled)
}

fn split_at_brace(text: &str) -> Option<(&str, char, &str)> {
    let (at, brace) = text.char_indices().find(|(_, c)| matches!(c, '{' | '}'))?;
    let (before, from) = text.split_at_checked(at)?;
    Some((before, brace, from.strip_prefix(brace)?))
}

fn value<'v>(name: &str, values: &[(&str, &'v str)]) -> Result<&'v str, Error> {
    if let Some((_, value)) = values.iter().find(|(key, _)| *key == name) {
        return Ok(value);
    }
    let quote = name.escape_debug().take(LONGEST_QUOTE).collect();
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if is_name {
        let possible: Vec<_> = values.iter().map(|(key, _)| format!("{{{key}}}")).collect();
        Err(Error::Unknown(quote, possible.join(", ")))
    } else {
        Err(Error::NotAName(quote))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALUES: &[(&str, &str)] = &[("name", "Ana {url} {{"), ("url", "https://x")];

    fn complaint(template: &str) -> String {
        fill(template, VALUES).unwrap_err().to_string()
    }

    #[test]
    fn placeholders_are_filled_and_doubled_braces_are_braces() {
        let filled = fill("to {name}: {{literally}} {url}{{", VALUES).unwrap();
        assert_eq!(filled, "to Ana {url} {{: {literally} https://x{");
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        assert_eq!(fill("{name}", &[("name", "{name}{")]).unwrap(), "{name}{");
    }

    #[test]
    fn what_python_would_do_beyond_names_is_refused_by_name() {
        assert_eq!(
            complaint("{name.__class__}"),
            "{name.__class__} is not a placeholder: only a plain name may stand in braces"
        );
        for tricky in [
            "{name!r}",
            "{name:>10}",
            "{name[0]}",
            "{}",
            "{ name }",
            "{name{url}}",
        ] {
            assert!(
                matches!(fill(tricky, VALUES), Err(Error::NotAName(_))),
                "{tricky}"
            );
        }
    }

    #[test]
    fn an_unknown_placeholder_is_named_beside_the_possible_ones() {
        assert_eq!(
            complaint("Dear {nmae}"),
            "unknown placeholder {nmae}; possible are {name}, {url}"
        );
    }

    #[test]
    fn a_single_brace_is_an_error() {
        assert_eq!(fill("a } b", VALUES), Err(Error::SingleBrace('}')));
        assert_eq!(fill("a { b", VALUES), Err(Error::SingleBrace('{')));
    }

    proptest! {
        #[test]
        fn any_template_fills_or_fails_without_a_panic(template in "(?s).{0,60}|[{}a-z.!\u{e9}]{0,30}") {
            if let Err(error) = fill(&template, VALUES) {
                prop_assert!(!error.to_string().contains(char::is_control));
            }
        }

        #[test]
        fn text_with_its_braces_doubled_comes_back_as_it_was(text in "[{}a-z \u{e9}\n]{0,40}") {
            let doubled = text.replace('{', "{{").replace('}', "}}");
            prop_assert_eq!(fill(&doubled, &[]).unwrap(), text);
        }
    }
}
