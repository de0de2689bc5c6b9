import { $, ask, health, isPlain, say, why } from "./page.js";
import { showAgents, showAudit, showMessages, showTopics } from "./feed.js";

/** Time between two looks, in milliseconds. */
const EVERY = 10000;
const KEPT = "chaperon-monitor-keys";

// The keys of this look, for as long as the page lives; a refused one is not tried again.
let keys = { agent: "", admin: "" };
// Ends the look under way and the wait for the next one; nothing while stopped.
let looking = null;
let timer;

function field(kind) {
  return $(`${kind}-key`);
}

function keep() {
  try {
    const some = keys.agent || keys.admin;
    if (some && $("keep").checked) sessionStorage.setItem(KEPT, JSON.stringify(keys));
    else sessionStorage.removeItem(KEPT);
  } catch {
    say($("said"), "The browser keeps nothing for this tab.", "stop");
  }
}

function kept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (found === null) return false;
    for (const kind of ["agent", "admin"]) field(kind).value = String(found[kind] ?? "");
    $("keep").checked = true;
    return true;
  } catch {
    return false;
  }
}

// What a key is made of: an agent's without blanks, the relay's of anything that fits a header.
const made = { agent: /^[\x21-\x7e]*$/, admin: /^[\x20-\x7e]*$/ };

/** Whether a key can be one; says what is wrong with it otherwise. */
function check(kind) {
  const can = made[kind].test(field(kind).value.trim());
  return refuse(kind, can ? "" : "No key has such characters in it: copy it again.");
}

function refuse(kind, wrong) {
  $(`${kind}-key-wrong`).textContent = wrong;
  field(kind).setAttribute("aria-invalid", String(wrong !== ""));
  return wrong === "";
}

function start(event) {
  event.preventDefault();
  stop();
  const good = ["agent", "admin"].filter((kind) => !check(kind));
  if (good.length > 0) {
    field(good[0]).focus();
    return;
  }
  keys = { agent: field("agent").value.trim(), admin: field("admin").value.trim() };
  if (!keys.agent && !keys.admin) {
    say($("said"), "Type a key first, an agent's or the relay's.", "stop");
    field("agent").focus();
    return;
  }
  keep();
  $("stop").disabled = false;
  say($("said"), "Asking the relay…");
  look();
}

function stop() {
  looking?.abort();
  looking = null;
  clearTimeout(timer);
  $("stop").disabled = true;
}

function forget() {
  stop();
  keys = { agent: "", admin: "" };
  for (const kind of ["agent", "admin"]) {
    field(kind).value = "";
    refuse(kind, "");
  }
  $("keep").checked = false;
  keep();
  for (const place of ["messages", "agents", "audit"]) $(place).replaceChildren();
  $("seen").hidden = true;
  say($("said"), "The keys and what they showed are gone from this page.");
}

/** Looks now, in place of a look under way, and again later as long as somebody sees it. */
async function look() {
  looking?.abort();
  looking = new AbortController();
  const { signal } = looking;
  clearTimeout(timer);
  if (document.visibilityState !== "visible") return;
  const wait = await all(signal);
  if (!signal.aborted) timer = setTimeout(look, wait);
}

/** Asks for everything that the keys open; returns how long to wait before the next time. */
async function all(signal) {
  const topic = $("topic").value;
  const query = topic ? `&topic=${encodeURIComponent(topic)}` : "";
  const { agent, admin } = keys;
  const of = (path, key) => (key ? ask(path, { key, signal }) : null);
  const [relay, agents, topics, messages, audit] = await Promise.all([
    health(signal),
    of("agents", agent),
    of("channels", agent),
    of(`messages?limit=100${query}`, admin || agent),
    of("audit?limit=200", admin),
  ]);
  if (signal.aborted) return EVERY;
  $("off").hidden = relay.state !== "off";
  if (relay.state === "off") {
    stop();
    say($("said"), "ClawTalk is off on this relay; stopped.", "stop");
    return EVERY;
  }
  if (relay.state === "unclear") {
    say($("said"), `${why(relay.answer)} It is asked again every 10 seconds.`, "stop");
    return later([relay.answer]);
  }
  const refused = [
    ["agent", [agents, topics, admin ? null : messages]],
    ["admin", [admin ? messages : null, audit]],
  ].filter(([, answers]) => answers.some((answer) => answer?.status === 401));
  for (const [kind] of refused) {
    refuse(kind, "The relay does not know this key.");
    keys[kind] = "";
    keep();
  }
  show({ agents, topics, messages, audit }, admin !== "");
  if (keys.agent || keys.admin) {
    say($("said"), "Looking every 10 seconds while this page is in view.");
    // Not read aloud, or it would be every ten seconds.
    $("as-of").textContent = `as of ${new Date().toLocaleTimeString()}`;
  } else {
    stop();
    say($("said"), "Stopped: there is no key left that the relay knows.", "stop");
  }
  return later([agents, topics, messages, audit]);
}

/** How long to wait before the next look: as long as an answer says, where it says so. */
function later(answers) {
  const asked = answers.map((answer) => Number(answer?.headers.get("Retry-After")) * 1000 || 0);
  return Math.max(EVERY, ...asked);
}

function show({ agents, topics, messages, audit }, whole) {
  const shows = messages?.status === 200 || agents?.status === 200;
  if (shows) $("seen").hidden = false;
  showTopics(topics, messages);
  showMessages(messages, whole);
  showAgents(agents);
  showAudit(audit);
}

$("plain").hidden = !isPlain();
$("form").addEventListener("submit", start);
$("stop").addEventListener("click", () => {
  stop();
  say($("said"), "Stopped. What is shown stays until you start again.");
});
$("forget").addEventListener("click", forget);
$("keep").addEventListener("change", keep);
$("topic").addEventListener("change", () => {
  if (looking) look();
});
document.addEventListener("visibilitychange", () => {
  if (looking && document.visibilityState === "visible") look();
});
if (kept()) $("start").focus();
const { state } = await health();
$("off").hidden = state !== "off";
