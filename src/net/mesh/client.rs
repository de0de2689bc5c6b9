//! HTTP with other agents. Every call ends within its time, reads a bounded answer, and follows
//! no redirection: nobody who answers chooses whom we ask next.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{RequestBuilder, header};

use crate::failpoint;
use crate::net::{Accepted, Failure, Retry, Somebody, http_client};
use crate::wire::mailbox::RelayUrl;
use crate::wire::mesh::{
    AgentId, CONTACT_PATH, DISCOVERY_PATH, DirectId, MESSAGE_PATH, NotTaken, Received, RequestId,
    Signed, decode_contact_answer, decode_discovery, decode_message_answer,
};

use super::{SCHEME, somebody};

/// Until a connection stands. A scan mostly meets addresses where nobody is.
const CONNECT: Duration = Duration::from_secs(3);
/// Until somebody told who they are, as long as the scripts wait.
const DISCOVERY: Duration = Duration::from_secs(5);
/// Until something sent is answered, as long as the scripts wait.
const POST: Duration = Duration::from_secs(8);
/// Bytes of an answer that are read at most.
const MOST: usize = 64 * 1024;

/// What was answered.
struct Answered {
    status: u16,
    bytes: Vec<u8>,
}

/// Asks at an address who is there. The error is in our words.
pub(super) async fn discover(base: &str) -> Result<Somebody, String> {
    let url = RelayUrl::parse(base).map_err(|_why| String::from("this is not an address"))?;
    let pool = pool(&url).map_err(|failure| failure.problem)?;
    let request = pool
        .get(format!("{}{DISCOVERY_PATH}", url.as_str()))
        .timeout(DISCOVERY);
    let answered = send(request).await.map_err(|failure| failure.problem)?;
    let identity = decode_discovery(answered.status, &answered.bytes, &SCHEME)
        .map_err(|error| error.to_string())?;
    let answer = Received::parse(&answered.bytes).map_err(|error| error.to_string())?;
    somebody(&identity, answer.to_json())
        .ok_or_else(|| String::from("the agent there names no address that can be used"))
}

/// Sends a request for contact.
pub(super) async fn ask(base: &str, id: &RequestId, signed: Signed) -> Result<(), Failure> {
    let answered = post(base, CONTACT_PATH, signed).await?;
    decode_contact_answer(answered.status, &answered.bytes, id).map_err(not_taken)
}

/// Sends a message from `ours`. It has arrived if there is a receipt for it.
pub(super) async fn tell(
    base: &str,
    (id, ours): (&DirectId, &AgentId),
    signed: Signed,
) -> Result<Accepted, Failure> {
    let original = signed.body.clone();
    let answered = post(base, MESSAGE_PATH, signed).await?;
    decode_message_answer(answered.status, &answered.bytes, id, ours).map_err(not_taken)?;
    let answer = Received::parse(&answered.bytes);
    Ok(Accepted {
        remote_id: None,
        seq: None,
        answer: answer.map_or_else(|_unread| String::from("{}"), |answer| answer.to_json()),
        delivered: true,
        original: Some(original),
    })
}

async fn post(base: &str, path: &str, signed: Signed) -> Result<Answered, Failure> {
    let url =
        RelayUrl::parse(base).map_err(|_why| Failure::never("their address cannot be used"))?;
    let request = pool(&url)?
        .post(format!("{}{path}", url.as_str()))
        .timeout(POST)
        .header(header::CONTENT_TYPE, "application/json")
        .body(signed.body);
    send(request).await
}

async fn send(request: RequestBuilder) -> Result<Answered, Failure> {
    let request = request.header(header::ACCEPT, "application/json");
    let response = request.send().await.map_err(|error| unreachable(&error));
    failpoint::step();
    let mut response = response?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| unreachable(&error))?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST {
            return Err(Failure::later("the answer is longer than any real one"));
        }
    }
    Ok(Answered {
        status: response.status().as_u16(),
        bytes,
    })
}

fn not_taken(why: NotTaken) -> Failure {
    let retry = match why {
        // It would be signed and judged the same way again.
        NotTaken::NotVerified | NotTaken::Status(400 | 413) => Retry::Never,
        // They may accept us later; and where another program answers, they may come back.
        NotTaken::NotTrusted | NotTaken::NoReceipt | NotTaken::Unreadable | NotTaken::Status(_) => {
            Retry::Later
        }
    };
    Failure {
        problem: why.to_string(),
        retry,
    }
}

fn unreachable(error: &reqwest::Error) -> Failure {
    Failure::later(if error.is_timeout() {
        "they did not answer in time"
    } else {
        "they cannot be reached"
    })
}

/// Returns the connection pool for an address. Loopback never goes through a proxy, and without
/// TLS no root certificates are read.
fn pool(url: &RelayUrl) -> Result<&'static reqwest::Client, Failure> {
    static POOLS: [OnceLock<Option<reqwest::Client>>; 4] = [const { OnceLock::new() }; 4];
    let [near, near_tls, far, far_tls] = &POOLS;
    let pool = match (url.is_tls(), url.is_loopback()) {
        (true, true) => near_tls.get_or_init(|| build(reqwest::ClientBuilder::no_proxy)),
        (true, false) => far_tls.get_or_init(|| build(|b| b)),
        (false, true) => near.get_or_init(|| build(|b| b.no_proxy().tls_certs_only([]))),
        (false, false) => far.get_or_init(|| build(|b| b.tls_certs_only([]))),
    };
    let no_roots = || Failure::later("TLS cannot be set up: no root certificates");
    pool.as_ref().ok_or_else(no_roots)
}

fn build(
    adjust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Option<reqwest::Client> {
    let builder = http_client()
        .connect_timeout(CONNECT)
        // The scripts serve one connection at a time: one kept open would shut others out.
        .pool_max_idle_per_host(0);
    adjust(builder).build().ok()
}
