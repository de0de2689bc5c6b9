//! `draft`: what became of a message that the assistant sent.

use clap::Args;
use serde_json::{Map, Value, json};

use super::output::{Output, Pretty, json_time};
use super::{Error, Exit};
use crate::api::{DraftFate, DraftState, Handle, Reply, Request};
use crate::model::MessageId;

/// Arguments of `draft`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
The state is held, queued, sent, refused, expired, taken_back or failed. A refused one says what \
the human answered, where they said anything.

Example:
  chaperon draft 12
  {\"draft\": 12, \"channel\": \"Marta\", \"state\": \"refused\", \"reason\": \"not by mail\"}")]
pub struct DraftArgs {
    /// Number that `send` gave
    #[arg(value_name = "ID")]
    pub message: i64,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

pub(super) async fn run(
    args: DraftArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::DraftState {
        message: MessageId(args.message),
    };
    let Reply::DraftState(state) = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    out.json(&shown(&state), args.style)?;
    Ok(Exit::Done)
}

fn shown(draft: &DraftState) -> Value {
    let (state, more) = match &draft.state {
        DraftFate::Held { expires } => ("held", vec![("expires", json_time(Some(*expires)))]),
        DraftFate::Queued => ("queued", Vec::new()),
        DraftFate::Sent { seq, edited } => {
            ("sent", vec![("seq", json!(seq)), ("edited", json!(edited))])
        }
        DraftFate::Refused { reason } => ("refused", vec![("reason", json!(reason))]),
        DraftFate::Expired => ("expired", Vec::new()),
        DraftFate::TakenBack => ("taken_back", Vec::new()),
        DraftFate::Failed { problem } => ("failed", vec![("problem", json!(problem))]),
    };
    let mut object = Map::new();
    object.insert("draft".to_owned(), json!(draft.message));
    object.insert("channel".to_owned(), json!(draft.channel));
    object.insert("state".to_owned(), json!(state));
    for (key, value) in more {
        object.insert(key.to_owned(), value);
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PeerText, UnixMillis};
    use crate::wire::python_json;

    #[test]
    fn every_state_says_what_the_assistant_may_know() {
        let fates = [
            DraftFate::Held {
                expires: UnixMillis(1_770_769_095_123),
            },
            DraftFate::Queued,
            DraftFate::Sent {
                seq: Some(4),
                edited: true,
            },
            DraftFate::Refused {
                reason: PeerText::new("not by mail"),
            },
            DraftFate::Expired,
            DraftFate::TakenBack,
            DraftFate::Failed {
                problem: "too large".to_owned(),
            },
        ];
        let lines = fates.map(|state| {
            python_json::to_string(&shown(&DraftState {
                message: MessageId(12),
                channel: PeerText::new("Marta"),
                state,
            }))
        });
        insta::assert_snapshot!(lines.join("\n"));
    }
}
