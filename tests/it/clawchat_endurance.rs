//! A thousand messages between two chaperons, of which one is killed ten times meanwhile.
#![expect(
    clippy::indexing_slicing,
    reason = "JSON that is not as expected has to fail loudly"
)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Engine, Person, free_ports};

/// In each direction.
const MESSAGES: usize = 500;

/// Deaths of one side, spread evenly.
const DEATHS: usize = 10;

/// How long it may take until everything is where it belongs. A lost connection is tried again
/// after five seconds and then ever later.
const PATIENCE: Duration = Duration::from_secs(180);

/// Somebody with an identity, and what others have to know of it.
struct Side {
    person: Person,
    engine: Option<Engine>,
    principal: String,
    address: String,
    /// The principal of the other one, by which the channel is known.
    peer: String,
}

impl Side {
    fn new(nick: &str) -> Self {
        let person = Person::on("http://127.0.0.1:9");
        let port = free_ports().to_string();
        let mut init = vec!["clawchat", "init", "--nick", nick, "--testnet", "--json"];
        init.extend(["--port", &port]);
        let made = person.json(&init);
        let set = ["clawchat", "identity", "set", nick, "--ip", "127.0.0.1"];
        person.json(&set);
        let told = |key: &str| made[key].as_str().unwrap().to_owned();
        let address = format!("/ip4/127.0.0.1/tcp/{port}/p2p/{}", told("peerId"));
        Self {
            principal: told("principal"),
            address,
            peer: String::new(),
            engine: None,
            person,
        }
    }

    /// Adds the other one, who does not run yet: so nobody has to ask for contact.
    fn adds(&mut self, other: &Self) {
        let add = ["clawchat", "peers", "add", &other.principal, &other.address];
        self.person.json(&add);
        self.peer.clone_from(&other.principal);
    }

    fn starts(&mut self) {
        self.engine = Some(self.person.engine());
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    /// Is handed a message, dies as by `kill -9` after a moment, and starts again. What it did
    /// not come to remember is handed over again.
    fn dies_over(&mut self, text: &str, after: Duration) {
        let mut stream = UnixStream::connect(self.person.home().join("engine.sock")).unwrap();
        let unlock = json!({ "passphrase": null });
        for (id, method, params) in [(1, "unlock", unlock), (2, "send", self.letter(text))] {
            let ask = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
            writeln!(stream, "{ask}").unwrap();
        }
        std::thread::sleep(after);
        drop(self.engine.take());
        self.starts();
        let is_it = |message: &Value| message["content"]["body"] == text;
        if !self.messages().iter().any(is_it) {
            self.sends(text);
        }
    }

    fn letter(&self, text: &str) -> Value {
        json!({
            "channel": self.peer,
            "subject": "",
            "body": text,
            "author": "human",
            "now": true,
            "thread": {},
        })
    }

    /// Sends a message, or leaves it for later where the first attempt fails.
    fn sends(&self, text: &str) {
        let sent = self.engine().ask("send", Some(self.letter(text)));
        assert!(sent["error"].is_null(), "{sent}");
    }

    /// Every message of the channel.
    fn messages(&self) -> Vec<Value> {
        let channel = self.engine().id_of(&self.peer);
        let ask = json!({ "channel": channel, "before": null, "limit": 5000 });
        let page = self.engine().ask("transcript", Some(ask));
        page["result"]["value"]["messages"]
            .as_array()
            .unwrap_or_else(|| panic!("{page}"))
            .clone()
    }

    /// How often each text of the other one came.
    fn heard(&self) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        for message in self.messages() {
            if message["author"] == "peer" {
                let text = message["content"]["body"].as_str().unwrap();
                *times.entry(text.to_owned()).or_default() += 1;
            }
        }
        times
    }

    /// How many of ours the other one has said to have.
    fn delivered(&self) -> usize {
        let messages = self.messages().into_iter();
        messages
            .filter(|message| message["delivery"]["delivery"] == "delivered")
            .count()
    }
}

fn text(from: &str, number: usize) -> String {
    format!("{from} says {number:03}")
}

#[test]
fn a_thousand_messages_arrive_once_each_while_one_side_dies_ten_times() {
    let (mut ana, mut bo) = (Side::new("ana"), Side::new("bo"));
    ana.adds(&bo);
    bo.adds(&ana);
    ana.starts();
    bo.starts();
    std::thread::scope(|scope| {
        // Ana does not care what happens to Bo.
        scope.spawn(|| {
            for number in 0..MESSAGES {
                ana.sends(&text("ana", number));
            }
        });
        for number in 0..MESSAGES {
            let text = text("bo", number);
            let round = number / (MESSAGES / DEATHS);
            if number % (MESSAGES / DEATHS) == MESSAGES / DEATHS / 2 {
                let moment = Duration::from_millis(4 * u64::try_from(round).unwrap());
                bo.dies_over(&text, moment);
            } else {
                bo.sends(&text);
            }
        }
    });
    let begun = Instant::now();
    while (ana.delivered(), bo.delivered()) != (MESSAGES, MESSAGES) {
        assert!(
            begun.elapsed() < PATIENCE,
            "delivered: {} of ana's, {} of bo's",
            ana.delivered(),
            bo.delivered()
        );
        std::thread::sleep(Duration::from_millis(250));
    }
    for (from, to) in [("ana", &bo), ("bo", &ana)] {
        let all: BTreeMap<String, usize> = (0..MESSAGES)
            .map(|number| (text(from, number), 1))
            .collect();
        assert_eq!(to.heard(), all);
    }
}
