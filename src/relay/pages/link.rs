//! What the address of `/invite` means, and its QR code.
//!
//! An invite link carries the id of a mailbox and a public key in its query, and a browser has
//! sent both to the relay by opening it; the relay knows the mailbox in any case. Neither opens
//! a message. So the code is drawn here, by the crate that draws it in the terminal, and the
//! link is judged by the parser that judges it in `chaperon accept`: two fewer things that a
//! script could do differently. Were there ever a secret behind `#`, this would be wrong.
//!
//! Must not: draw anything that is no invite link, or keep it.

use std::fmt::Write as _;

use fast_qr::qr::{QRBuilder, QRCode};
use fast_qr::{ECL, Module};
use serde_json::{Value, json};

use crate::wire::mailbox::Invite;

/// Empty modules around the code, as ISO/IEC 18004 asks for.
const MARGIN: usize = 4;

/// Reads the query of a request, `link=` and the whole link in it.
///
/// Returns JSON: `{"link","relay","qr"}`, the link written anew, the address of its relay and
/// an SVG; or `{"error"}` in words for a person, which repeat nothing of the link.
pub(super) fn read(query: &str) -> String {
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    let link = parameters.find(|(name, _)| name == "link");
    let link = link.map(|(_, link)| link).unwrap_or_default();
    let read = Invite::parse(&link).map_err(|error| error.to_string());
    let told = match read.and_then(|invite| told(&invite)) {
        Ok(told) => told,
        Err(error) => json!({ "error": error }),
    };
    told.to_string()
}

fn told(invite: &Invite) -> Result<Value, String> {
    let link = invite.to_url();
    let code = QRBuilder::new(link.as_str()).ecl(ECL::L).build();
    let code = code.map_err(|_too_long| String::from("the link is too long for a QR code"))?;
    Ok(json!({ "link": link, "relay": invite.relay.as_str(), "qr": svg(&code) }))
}

/// Draws dark on light, whatever the theme: scanners want that.
fn svg(code: &QRCode) -> String {
    let mut path = String::new();
    if code.size > 0 {
        for (y, row) in code.data.chunks(code.size).take(code.size).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|one, other| one.value() == other.value()) {
                let is_dark = run
                    .first()
                    .is_some_and(|module| module.value() == Module::DARK);
                if is_dark {
                    let (x, y, width) = (x + MARGIN, y + MARGIN, run.len());
                    // Writing into a text cannot fail.
                    let _written = write!(path, "M{x} {y}h{width}v1h-{width}z");
                }
                x += run.len();
            }
        }
    }
    let side = code.size + 2 * MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
         <path d=\"{path}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://relay.example.com/invite?channel=AbCdEfGhIjKlMnOpQrStUv&pub=zPADSuGgzDJ7l1czXK4Kj0DdV0eLsmBMyd3OH3qSPAU=";

    fn asked(link: &str) -> Value {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("link", link)
            .finish();
        serde_json::from_str(&read(&query)).unwrap()
    }

    #[test]
    fn a_link_comes_back_without_what_does_not_belong_to_it() {
        let read = asked(&format!("{LINK}&utm_source=mail#top"));
        assert_eq!(read["link"], LINK);
        assert_eq!(read["relay"], "https://relay.example.com");
    }

    #[test]
    fn the_picture_has_the_modules_of_the_code_and_a_margin_of_four() {
        let read = asked(LINK);
        let svg = read["qr"].as_str().unwrap();
        let code = QRBuilder::new(LINK).ecl(ECL::L).build().unwrap();
        let side = code.size + 8;
        assert!(svg.contains(&format!("viewBox=\"0 0 {side} {side}\"")));
        // The upper edge of the first finder pattern: seven dark modules.
        assert!(svg.contains("<path d=\"M4 4h7v1h-7z"), "{svg}");
        let dark = code.data.iter().take(code.size * code.size);
        let dark = dark.filter(|module| module.value()).count();
        let drawn: usize = svg
            .split("v1h-")
            .skip(1)
            .map(|run| run.split('z').next().unwrap().parse::<usize>().unwrap())
            .sum();
        assert_eq!(drawn, dark);
    }

    #[test]
    fn what_is_no_invite_is_refused_in_words_that_repeat_nothing_of_it() {
        for (link, words) in [
            ("", "not a link"),
            ("javascript:alert(1)", "not a link"),
            ("https://relay.example.com/invite", "no channel"),
            (
                "https://relay.example.com/invite?channel=<img src=x onerror=alert(1)>&pub=x",
                "characters that no real one has",
            ),
            (
                "https://relay.example.com/invite?channel=abc&pub=x",
                "the key in the link is broken",
            ),
        ] {
            let refused = asked(link)["error"].as_str().unwrap().to_owned();
            assert!(refused.contains(words), "{link}: {refused}");
            assert!(!refused.contains('<'), "{refused}");
        }
        assert_eq!(read("channel=abc"), asked("").to_string());
    }
}
