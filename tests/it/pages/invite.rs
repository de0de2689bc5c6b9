//! What a person sees who opens an invite link in a browser.

use serde_json::json;

use super::browser::{ABROAD, Browser, HOME};
use super::{fits, is_quiet, picture};
use crate::support::Relay;

const CHANNEL: &str = "AbCdEfGhIjKlMnOpQrStUv";
const KEY: &str = "zPADSuGgzDJ7l1czXK4Kj0DdV0eLsmBMyd3OH3qSPAU=";

fn link() -> String {
    format!("{HOME}/invite?channel={CHANNEL}&pub={KEY}")
}

#[test]
fn an_invite_shows_how_to_accept_it() {
    let relay = Relay::start();
    let Some(browser) = Browser::start(&relay) else {
        return;
    };
    let link = link();
    browser.open(&format!("{link}&utm_source=somewhere#fragment"));
    browser.see("#with-chaperon", &format!("chaperon accept '{link}'"));
    assert_eq!(browser.text("#link"), link);
    let clawbuddy = browser.text("#with-clawbuddy");
    let first = format!("export CLAWBUDDY_MAILBOX_URL='{HOME}'");
    assert_eq!(clawbuddy, format!("{first}\nclawbuddy accept '{link}'"));
    let drawn = browser.run(
        "const code = document.getElementById('qr'); return [code.complete, code.naturalWidth > 0];",
    );
    assert_eq!(drawn, json!([true, true]));
    assert!(
        browser
            .text("main")
            .to_lowercase()
            .contains("who can read what")
    );
    assert_eq!(browser.text("#wrong"), "");
    fits(&browser, &[320, 360, 430, 768]);
    is_quiet(&browser);
    picture(&browser, "invite");
}

#[test]
fn its_copy_buttons_copy_what_stands_beside_them() {
    let relay = Relay::start();
    let Some(browser) = Browser::start(&relay) else {
        return;
    };
    let link = link();
    browser.allow_clipboard(HOME);
    browser.open(&link);
    browser.see("#link", &link);
    let clipboard = || {
        browser
            .run_later("navigator.clipboard.readText().then(done, (error) => done(String(error)));")
    };
    browser.click("[data-copy=link]");
    browser.see("#copied", "The link was copied.");
    assert_eq!(clipboard(), link);
    browser.click("[data-copy=with-chaperon]");
    browser.see("#copied", "The command for chaperon was copied.");
    assert_eq!(clipboard(), format!("chaperon accept '{link}'"));

    is_quiet(&browser);
}

#[test]
fn without_tls_it_warns_and_copies_what_it_selects() {
    let relay = Relay::start();
    let Some(browser) = Browser::start(&relay) else {
        return;
    };
    browser.open(&link());
    browser.see("#link", "pub=");
    assert_eq!(browser.text("#plain"), "");
    browser.open(&link().replace(HOME, ABROAD));
    browser.see("#link", ABROAD);
    browser.see("#plain", "This page came without encryption.");
    // There a browser has no clipboard for scripts.
    assert_eq!(
        browser.run("return navigator.clipboard ?? null"),
        json!(null)
    );
    browser.click("[data-copy=with-clawbuddy]");
    browser.see("#copied", "The commands for clawbuddy w");
    let selected = browser.run("return String(getSelection())");
    assert!(
        selected.as_str().unwrap().contains("clawbuddy accept"),
        "{selected}"
    );
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
fn without_scripts_it_says_what_to_do_instead() {
    let relay = Relay::start();
    let Some(browser) = Browser::start(&relay) else {
        return;
    };
    browser.without_scripts();
    browser.open(&link());
    browser.see("noscript", "the invite link is the address of this page");
    assert_eq!(browser.text("#with-chaperon"), "chaperon accept 'LINK'");
    assert_eq!(browser.text("[data-copy=link]"), "");
    is_quiet(&browser);
}

#[test]
fn a_link_that_cannot_be_used_says_why() {
    let relay = Relay::start();
    let Some(browser) = Browser::start(&relay) else {
        return;
    };
    let invite = format!("{HOME}/invite");
    browser.open(&invite);
    browser.see(
        "#wrong",
        "The link holds no channel; it may have been cut off.",
    );
    assert_eq!(browser.text("#invite"), "");
    browser.open(&format!("{invite}?channel={CHANNEL}"));
    browser.see("#wrong", "The link holds no key; it may have been cut off.");
    browser.open(&format!("{invite}?channel={CHANNEL}&pub=zPAD"));
    browser.see("#wrong", "The key in the link is broken");
    fits(&browser, &[320, 430]);
    is_quiet(&browser);
    picture(&browser, "invite-broken");
}

#[test]
fn an_attack_in_the_link_stays_text() {
    let relay = Relay::start();
    let Some(browser) = Browser::start(&relay) else {
        return;
    };
    let invite = format!("{HOME}/invite");
    for attack in [
        "channel=%3Cimg%20src%3Dx%20onerror%3D%22window.hit%3D1%22%3E&pub=x".to_owned(),
        "channel=javascript:window.hit=1&pub=javascript:window.hit=1".to_owned(),
        format!("channel={CHANNEL}&pub=%22%3E%3Cscript%3Ewindow.hit%3D1%3C/script%3E"),
        format!(
            "channel={CHANNEL}&pub={KEY}&x='%3Csvg/onload=window.hit=1%3E#<img src=x onerror=window.hit=1>"
        ),
        format!("channel='%3Breboot%3B'&pub={KEY}"),
    ] {
        browser.open(&format!("{invite}?{attack}"));
        let good = attack.starts_with(&format!("channel={CHANNEL}&pub={KEY}"));
        browser.see(
            if good { "#link" } else { "#wrong" },
            if good { "pub=" } else { "link" },
        );
        let hit = browser.run(
            "return [window.hit, document.querySelectorAll('img').length, document.scripts.length]",
        );
        assert_eq!(hit, json!([null, 1, 1]), "{attack}");
        assert!(!browser.text("main").contains("onerror"), "{attack}");
        assert!(!browser.text("main").contains("reboot"), "{attack}");
    }
    is_quiet(&browser);
}

#[test]
fn what_an_attacker_could_try_the_policy_refuses() {
    let relay = Relay::start();
    let Some(browser) = Browser::start(&relay) else {
        return;
    };
    browser.open(&link());
    browser.see("#link", "pub=");
    is_quiet(&browser);
    let tried = browser.run_later(
        "const refused = [];
         document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
         const attempt = (what) => { try { what(); } catch (error) { refused.push(error.name); } };
         attempt(() => { document.createElement('script').textContent = 'window.hit = 1'; });
         attempt(() => { document.createElement('script').src = '/assets/page.js'; });
         attempt(() => { document.body.setAttribute('onclick', 'window.hit = 1'); });
         attempt(() => { document.body.innerHTML = '<img src=x onerror=window.hit=1>'; });
         attempt(() => { new Image().src = 'http://192.0.2.1/pixel.png'; });
         fetch('http://192.0.2.1/').catch(() => {});
         const frame = document.createElement('iframe');
         frame.src = 'http://192.0.2.1/';
         document.body.append(frame);
         document.body.click();
         setTimeout(() => done([window.hit ?? null, [...new Set(refused)].sort()]), 500);",
    );
    let refused = [
        "TypeError",
        "connect-src",
        "frame-src",
        "img-src",
        "require-trusted-types-for",
    ];
    assert_eq!(tried, json!([null, refused]));
}
