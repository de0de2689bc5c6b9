//! Whether a relay answers, how fast, and what time it has.

use std::time::{Duration, Instant};

use jiff::fmt::rfc2822;
use reqwest::Method;
use reqwest::header::DATE;

use crate::model::UnixMillis;
use crate::wire::mailbox::RelayUrl;

use super::client::Client;

/// How long a relay may take here.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a relay said when it was asked for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// From the question to the answer, a new connection included.
    pub took: Duration,
    /// Its clock, to the second (`Date`, RFC 9110 section 6.6.1); `None` where it does not say.
    pub date: Option<UnixMillis>,
}

/// Asks a relay for its first page and reads nothing of it. Names no channel and sends nothing
/// of the profile. The error is in our words.
pub async fn probe(relay: &str) -> Result<Probe, String> {
    let url = RelayUrl::parse(relay).map_err(|error| error.to_string())?;
    let client = Client::new(&url).map_err(|failure| failure.problem)?;
    let begun = Instant::now();
    let asked = client.ask(Method::HEAD, "/");
    let response = tokio::time::timeout(PATIENCE, asked)
        .await
        .map_err(|_late| format!("no answer within {} s", PATIENCE.as_secs()))?
        .map_err(|failure| failure.problem)?;
    let took = begun.elapsed();
    let date = response
        .headers()
        .get(DATE)
        .and_then(|date| date.to_str().ok());
    Ok(Probe {
        took,
        date: date.and_then(read_date),
    })
}

/// Reads an HTTP date, as in `Sun, 06 Nov 1994 08:49:37 GMT`.
fn read_date(text: &str) -> Option<UnixMillis> {
    let at = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(UnixMillis(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_read() {
        let at = read_date("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(at, Some(UnixMillis(784_111_777_000)));
        assert_eq!(read_date("yesterday"), None);
    }

    #[tokio::test]
    async fn a_relay_that_is_not_there_is_told_in_words() {
        let problem = probe("http://127.0.0.1:9").await.unwrap_err();
        assert!(
            !problem.is_empty() && !problem.contains("127.0.0.1"),
            "{problem}"
        );
    }
}
