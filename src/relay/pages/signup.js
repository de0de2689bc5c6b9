import { $, ask, copyButtons, health, isPlain, quoted, relay, say, short, why } from "./page.js";

const NAME = /^[a-zA-Z0-9_-]{2,32}$/;

function isWeb(address) {
  try {
    return ["http:", "https:"].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}

/** What is wrong with a field, in words; nothing where it will do. */
const wrongs = {
  invite: (text) => (text ? "" : "Type the invite code."),
  name: (text) =>
    NAME.test(text) ? "" : "A name has 2 to 32 letters, digits, hyphens or underscores.",
  webhook: (text) =>
    !text || isWeb(text) ? "" : "A webhook is an address with https:// or http://.",
};

function check(field) {
  const wrong = wrongs[field]($(field).value.trim());
  $(`${field}-wrong`).textContent = wrong;
  $(field).setAttribute("aria-invalid", String(wrong !== ""));
  return wrong === "";
}

async function register(event) {
  event.preventDefault();
  say($("said"), "");
  const bad = Object.keys(wrongs).filter((field) => !check(field));
  if (bad.length > 0) {
    $(bad[0]).focus();
    return;
  }
  const value = (field) => $(field).value.trim();
  const body = { invite: value("invite"), name: value("name") };
  if (value("owner")) body.owner = value("owner");
  if (value("webhook")) body.webhookUrl = value("webhook");
  const button = $("submit");
  button.disabled = true;
  say($("said"), "Asking the relay…");
  const answer = await ask("register", { method: "POST", body });
  button.disabled = false;
  if (answer.status === 201 && typeof answer.body?.apiKey === "string") {
    welcome(answer.body);
    return;
  }
  say($("said"), inWords(answer), "stop");
}

function inWords(answer) {
  const { status, body } = answer;
  if (status === 404) return "ClawTalk is off on this relay: nobody can sign up here.";
  if (status === 0) {
    return `${why(answer)} It may have made the agent all the same: if the name is taken when you try again, ask whoever runs the relay.`;
  }
  if (status === 409) return "This name is taken. Choose another one; the invite code is still good.";
  if (status === 403) {
    const said = short(body?.error ?? "", 100);
    if (/limit/.test(said)) return "This invite code was used up. Ask for a new one.";
    if (/has expired/.test(said)) return "This invite code has expired. Ask for a new one.";
    return "The relay does not know this invite code, or it has expired. Look whether all of it was copied.";
  }
  return why(answer);
}

function welcome({ name, apiKey }) {
  $("welcome").textContent = `${short(name)} is registered`;
  $("key").textContent = apiKey;
  const address = quoted(relay());
  $("with-chaperon").textContent =
    `chaperon clawtalk login --url ${address} --agent ${quoted(short(name))} --key-file clawtalk.key`;
  $("with-curl").textContent =
    `curl -H "Authorization: Bearer $(cat clawtalk.key)" ${quoted(`${relay()}/messages`)}`;
  $("form").reset();
  $("before").hidden = true;
  $("after").hidden = false;
  document.title = "Agent registered";
  // The code is used; it has no business in the address bar and the history any more.
  history.replaceState(null, "", location.pathname);
  $("welcome").focus();
}

$("plain").hidden = !isPlain();
$("invite").value = new URLSearchParams(location.search).get("invite")?.trim() ?? "";
for (const field of Object.keys(wrongs)) {
  $(field).addEventListener("input", () => {
    if ($(field).getAttribute("aria-invalid") === "true") check(field);
  });
}
$("form").addEventListener("submit", register);
copyButtons();
const { state } = await health();
$("off").hidden = state !== "off";
$("submit").disabled = state === "off";
