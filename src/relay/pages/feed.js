// How the monitor shows what the relay answered. All of it was written by strangers.

import { $, make, say, short, visible, why } from "./page.js";

/** Most characters of a payload that are shown. */
const MOST = 4000;

/** What each place shows now, so that nothing moves under the eyes where nothing changed. */
const shown = new Map();

function changed(place, value) {
  const text = JSON.stringify(value);
  if (shown.get(place) === text && $(place).childElementCount > 0) return false;
  shown.set(place, text);
  return true;
}

const list = (value) => (Array.isArray(value) ? value : []);

/** Only objects: one bad entry must not hide the others. */
const objects = (value) =>
  list(value).filter((entry) => entry !== null && typeof entry === "object");

const dateOf = (value) => {
  const date = typeof value === "string" ? new Date(value) : new Date(NaN);
  return Number.isNaN(date.getTime()) ? null : date;
};

function time(value) {
  const date = dateOf(value);
  if (date === null) return make("span", "", short(value ?? "no time", 40));
  const today = date.toDateString() === new Date().toDateString();
  const made = make("time", "", today ? date.toLocaleTimeString() : date.toLocaleString());
  made.dateTime = date.toISOString();
  return made;
}

function ago(value) {
  const date = dateOf(value);
  if (date === null) return "never";
  const seconds = Math.max(0, Math.round((Date.now() - date.getTime()) / 1000));
  if (seconds < 60) return "under a minute ago";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} days ago`;
}

/** Says a failure in a place; true where there is something to show instead. */
function good(answer, place, missing) {
  const said = $(`${place}-said`);
  if (answer === null) {
    say(said, missing);
  } else if (answer.status === 401) {
    say(said, "The relay does not know the key.", "stop");
  } else if (answer.status !== 200) {
    say(said, why(answer), "stop");
  } else {
    say(said, "");
    return true;
  }
  return false;
}

function body(payload, sealed) {
  if (sealed) {
    const length = typeof payload === "string" ? payload.length : visible(payload).length;
    return make("p", "sealed", `▒▒▒▒▒▒▒▒ sealed, ${length} characters`);
  }
  const text = visible(payload);
  const rest = text.length - MOST;
  const cut = rest > 0 ? `${text.slice(0, MOST)}… and ${rest} characters more` : text;
  const made = make("pre", "", cut);
  // What is cut off at the bottom has to be within reach of the keyboard.
  if (text.length > 800 || text.split("\n").length > 12) made.tabIndex = 0;
  return made;
}

function way(from, to) {
  const place = make("span", "who");
  place.append(make("bdi", "", short(from ?? "?")), " → ", make("bdi", "", short(to ?? "?")));
  return place;
}

function head(entry, ...more) {
  const made = make("div", "head", "", time(entry.ts), way(entry.from, entry.to), ...more);
  if (entry.topic) made.append(make("bdi", "topic", short(entry.topic)));
  return made;
}

function message(entry) {
  const sealed = Boolean(entry.encrypted);
  const kind = make("span", "", short(entry.type ?? "no type", 20));
  const made = make("li", "", "", head(entry, kind));
  if (!sealed) made.firstChild.append(make("span", "open", "not sealed"));
  made.append(body(entry.payload, sealed));
  return made;
}

const newestFirst = (one, other) => (dateOf(other.ts) ?? 0) - (dateOf(one.ts) ?? 0);

export function showMessages(answer, whole) {
  if (!good(answer, "messages", "")) return;
  const found = objects(answer.body?.messages).sort(newestFirst);
  const whose = whole ? "of the whole relay" : "in the agent's inbox";
  const full = found.length >= 100 ? "the 100 that the relay shows at once, " : "";
  $("messages-count").textContent = `${found.length} ${whose}`;
  say($("messages-said"), found.length === 0 ? "None now." : full ? `These are ${full}newest first.` : "");
  if (changed("messages", found)) $("messages").replaceChildren(...found.map(message));
}

/** Offers the topics that the relay lists and those that are seen; keeps what was chosen. */
export function showTopics(answer, messages) {
  const select = $("topic");
  const offered = new Set(Array.from(select.options, (option) => option.value));
  const seen = objects(messages?.body?.messages).map((entry) => entry.topic);
  for (const topic of [...list(answer?.body), ...seen]) {
    if (typeof topic !== "string" || offered.has(topic) || offered.size > 500) continue;
    offered.add(topic);
    const option = make("option", "", short(topic, 60));
    option.value = topic;
    select.append(option);
  }
}

function cell(label, text, look) {
  const made = make("td", look, text);
  made.setAttribute("role", "cell");
  if (label) made.dataset.label = label;
  return made;
}

function agent(entry) {
  const has = (key) => typeof key === "string" && key !== "";
  const keys = [
    has(entry.publicKey) ? "seals" : "",
    has(entry.signingKey) ? "signs" : "",
  ].filter(Boolean);
  const online = entry.online === true ? "online, " : "";
  const can = list(entry.capabilities).map((one) => short(one, 40)).join(", ");
  const row = make("tr", "", "");
  row.setAttribute("role", "row");
  row.append(
    cell("", short(entry.name ?? "?"), "who"),
    cell("last seen", `${online}${ago(entry.lastSeen)}`),
    cell("keys", keys.join(", ") || "none"),
    cell("says it can", can),
  );
  return row;
}

export function showAgents(answer) {
  const is = good(answer, "agents", "Only an agent's key shows the agents.");
  $("agents-table").hidden = !is;
  if (!is) {
    $("agents-count").textContent = "";
    return;
  }
  const found = objects(answer.body);
  $("agents-count").textContent = `${found.length}`;
  $("agents").replaceChildren(...found.map(agent));
}

function audited(entry) {
  const direction = make("span", "", short(entry.direction ?? "", 20));
  const by = make("bdi", "", `told by ${short(entry.loggedBy ?? "?")}`);
  return make("li", "", "", head(entry, direction, by), body(entry.payload, false));
}

export function showAudit(answer) {
  if (!good(answer, "audit", "Only the admin key shows the audit log.")) {
    $("audit-count").textContent = "";
    return;
  }
  const found = objects(answer.body?.entries).sort(newestFirst);
  $("audit-count").textContent = `${found.length}`;
  const off = answer.headers.get("X-Clawtalk-Audit") === "off";
  const none = off ? "It is off on this relay: nothing is kept." : "Nothing was logged.";
  say($("audit-said"), found.length === 0 ? none : "What agents told the relay in the clear.");
  if (changed("audit", found)) $("audit").replaceChildren(...found.map(audited));
}
