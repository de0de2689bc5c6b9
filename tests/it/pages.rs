//! The relay's pages for people: as HTTP, and in a headless Chromium.

mod browser;
mod clawtalk;

mod invite;

use std::collections::{BTreeMap, BTreeSet};

use crate::relay::client::{Client, Response};
use crate::support::Relay;
use browser::{Browser, HOME};

const PAGES: [&str; 4] = ["/", "/invite", "/signup", "/monitor"];

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

async fn connect(relay: &Relay) -> Client {
    let address = relay.url().strip_prefix("http://").unwrap();
    Client::connect(address.parse().unwrap()).await
}

/// The values of an attribute, or what stands between any other words and a quote.
fn after<'a>(text: &'a str, words: &'a str) -> impl Iterator<Item = &'a str> {
    let pieces = text.split(words).skip(1);
    pieces.map(|rest| rest.split('"').next().unwrap())
}

/// Every file that the pages name, and those that these name, with their texts.
async fn everything(client: &mut Client) -> Vec<(String, Response)> {
    let mut all = Vec::new();
    let mut wanted: Vec<_> = PAGES.map(str::to_owned).to_vec();
    let mut known: BTreeSet<_> = wanted.iter().cloned().collect();
    while let Some(path) = wanted.pop() {
        let answer = client.get(&path).await;
        let named = after(&answer.body, "href=\"assets/")
            .chain(after(&answer.body, "src=\"assets/"))
            .chain(after(&answer.body, "from \"./"));
        for name in named {
            let asset = format!("/assets/{name}");
            if known.insert(asset.clone()) {
                wanted.push(asset);
            }
        }
        all.push((path, answer));
    }
    all
}

#[tokio::test]
async fn pages_and_assets_come_with_headers_that_forbid_what_they_do_not_need() {
    let relay = Relay::start();
    let all = everything(&mut connect(&relay).await).await;
    assert!(all.len() > 10, "{}", all.len());
    for (path, answer) in &all {
        let header = |name| answer.header(name).unwrap_or_default();
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            header("content-security-policy").starts_with(POLICY),
            "{path}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert!(header("permissions-policy").contains("camera=()"), "{path}");
        assert_eq!(header("cache-control"), "no-cache", "{path}");
        assert_eq!(answer.header("set-cookie"), None, "{path}");
        let media = match path.rsplit_once('.') {
            None => "text/html; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "svg")) => "image/svg+xml",
            Some(other) => panic!("{other:?}"),
        };
        assert_eq!(header("content-type"), media, "{path}");
    }
}

#[tokio::test]
async fn nothing_in_them_is_inline_or_from_another_host() {
    let relay = Relay::start();
    for (path, answer) in everything(&mut connect(&relay).await).await {
        let text = answer.body.replace("http://www.w3.org/2000/svg", "");
        for forbidden in [
            "<style",
            " style=",
            " onclick",
            " onload",
            " onerror",
            "javascript:",
            "@import",
            "url(",
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "DOMParser",
            "localStorage",
            "document.cookie",
            "sendBeacon",
            "\"//",
        ] {
            assert!(!text.contains(forbidden), "{path}: {forbidden}");
        }
        for rest in text.split("://").skip(1) {
            let host = rest.chars().next().is_some_and(char::is_alphanumeric);
            assert!(!host, "{path}: {}", rest.lines().next().unwrap());
        }
        for tag in text.split("<script").skip(1) {
            assert!(
                tag.starts_with(" type=\"module\" src=\"assets/"),
                "{path}: {tag}"
            );
        }
    }
}

#[tokio::test]
async fn a_page_that_did_not_change_is_not_sent_again() {
    let relay = Relay::start();
    let mut client = connect(&relay).await;
    let first = client.get("/assets/page.js").await;
    let tag = first.header("etag").unwrap().to_owned();
    let again = [("If-None-Match", tag.as_str())];
    let again = client.send("GET", "/assets/page.js", &again, None).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(again.header("etag"), Some(tag.as_str()));
    let other = [("If-None-Match", "\"another\"")];
    let other = client.send("GET", "/assets/page.js", &other, None).await;
    assert_eq!((other.status, other.body), (200, first.body));
}

#[tokio::test]
async fn only_reading_gets_a_page_and_only_what_there_is() {
    let relay = Relay::start();
    let mut client = connect(&relay).await;
    let head = client
        .send("HEAD", "/invite?channel=a&pub=b", &[], None)
        .await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.header("content-security-policy").is_some());
    // Links of a mailbox whose address ends with a slash have two.
    assert_eq!(client.get("//invite?channel=a&pub=b").await.status, 200);
    for (method, path) in [
        ("POST", "/invite"),
        ("DELETE", "/"),
        ("GET", "/assets/"),
        ("GET", "/assets/pages.rs"),
        ("GET", "/assets/../style.css"),
        ("GET", "/Invite"),
        ("GET", "/invite/x"),
        ("GET", "/index.html"),
        ("GET", "/robots.txt"),
    ] {
        let answer = client.send(method, path, &[], None).await;
        assert_eq!(answer.status, 404, "{method} {path}");
        assert_eq!(answer.header("content-security-policy"), None, "{path}");
    }
}

/// The colours of one scheme by name, from the style sheet.
fn colours(rules: &str) -> BTreeMap<&str, [u8; 3]> {
    let rules = rules.split('}').next().unwrap();
    let named = rules.split("--").skip(1).filter_map(|rest| {
        let (name, value) = rest.split_once(": #")?;
        let channel = |at: usize| u8::from_str_radix(value.get(at..at + 2).unwrap(), 16).unwrap();
        Some((name, [channel(0), channel(2), channel(4)]))
    });
    named.collect()
}

/// The contrast of two colours by WCAG 2.2, from 1 to 21.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let luminance = |colour: [u8; 3]| {
        let linear = colour.map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

#[tokio::test]
async fn what_is_written_stands_out_from_its_ground() {
    let relay = Relay::start();
    let sheet = connect(&relay).await.get("/assets/style.css").await.body;
    let schemes: Vec<_> = sheet.split(":root {").skip(1).map(colours).collect();
    assert_eq!(schemes.len(), 2);
    for colours in schemes {
        let of = |name| {
            colours
                .get(name)
                .copied()
                .unwrap_or_else(|| panic!("{name}"))
        };
        for ground in ["ground", "raised"] {
            for ink in ["ink", "strong", "dim", "accent", "wait", "stop"] {
                assert!(contrast(of(ink), of(ground)) >= 4.5, "{ink} on {ground}");
            }
            assert!(contrast(of("edge"), of(ground)) >= 3.0, "edge on {ground}");
        }
        assert!(contrast(of("on-accent"), of("accent")) >= 4.5);
    }
}

/// Insists that the console is silent and that everything came from the relay.
fn is_quiet(browser: &Browser) {
    assert_eq!(browser.console(), Vec::<String>::new());
    let home = format!("{HOME}/");
    let requests = browser.requests();
    assert!(requests.iter().any(|url| url.starts_with(&home)));
    for url in requests {
        let own = url.starts_with(&home) || url.starts_with("data:");
        assert!(own, "{url}");
    }
}

/// Insists that nothing has to be scrolled sideways, and that fingers find what they need.
fn fits(browser: &Browser, widths: &[u32]) {
    for width in widths {
        browser.look(*width, 800, true);
        assert!(browser.overhang() <= 0, "{width}: {}", browser.overhang());
        let small = browser.run(
            "return Array.from(document.querySelectorAll('button, input, select, nav a, .ways a')) \
                .filter((one) => one.offsetParent !== null) \
                .map((one) => [one.id || one.textContent, (one.closest('label') ?? one).getBoundingClientRect().height, \
                    parseFloat(getComputedStyle(one).fontSize)]) \
                .filter(([, height, font]) => height < 44 || font < 16);",
        );
        assert_eq!(small, serde_json::json!([]), "{width}");
    }
    browser.look(1280, 900, true);
}

/// Keeps a picture of what is shown where `UPDATE_SCREENSHOTS` asks for pictures: on a desktop
/// and on a phone, dark and light.
fn picture(browser: &Browser, name: &str) {
    if std::env::var_os("UPDATE_SCREENSHOTS").is_none() {
        return;
    }
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots/pages");
    for (width, height) in [(1280, 800), (390, 844)] {
        for (scheme, dark) in [("dark", true), ("light", false)] {
            browser.look(width, height, dark);
            browser.picture(&dir.join(format!("{name}-{width}-{scheme}.png")));
        }
    }
    browser.look(1280, 900, true);
}

#[test]
fn the_first_page_says_what_runs_here() {
    let relay = Relay::start();
    let Some(browser) = Browser::start(&relay) else {
        return;
    };
    browser.open(HOME);
    browser.see("#clawtalk", "Off on this relay.");
    fits(&browser, &[320, 360, 430]);
    is_quiet(&browser);
}

#[test]
fn sign_up_and_monitor_say_that_the_api_is_off() {
    let relay = Relay::start();
    let Some(browser) = Browser::start(&relay) else {
        return;
    };
    browser.open(&format!("{HOME}/signup?invite=abc"));
    browser.see("#off", "ClawTalk is off on this relay.");
    assert_eq!(
        browser.run("return document.getElementById('submit').disabled"),
        true
    );
    browser.open(&format!("{HOME}/monitor"));
    browser.see("#off", "ClawTalk is off on this relay.");
    is_quiet(&browser);
    browser.fill("#agent-key", "ct_anything");
    browser.click("#start");
    browser.see("#said", "ClawTalk is off on this relay; stopped.");
}
