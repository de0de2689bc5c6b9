// What the pages share: finding parts, showing texts, copying, asking the relay.
//
// Every text goes in through textContent; the policy of the pages refuses anything else.

export const $ = (id) => document.getElementById(id);

/** Makes an element with a class and a text; children may follow. */
export function make(tag, look, text, ...children) {
  const made = document.createElement(tag);
  if (look) made.className = look;
  if (text !== undefined && text !== null) made.textContent = text;
  made.append(...children);
  return made;
}

/**
 * Says something in a place that is read aloud; `look` is "stop", "wait" or nothing. What is
 * said already is not said again.
 */
export function say(place, text, look) {
  place.classList.remove("stop", "wait");
  if (look) place.classList.add(look);
  if (place.textContent !== text) place.textContent = text;
}

// Characters that are not seen but change what is seen: controls, marks of direction, blanks
// without width, tags. Line breaks and tabs stay.
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Writes a value that somebody else sent, with the unseen made visible. */
export function visible(value) {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
  return text.replace(UNSEEN, (found) => {
    const code = found.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `⟦U+${code}⟧`;
  });
}

/** The same on one line, and not longer than a name has to be. */
export function short(value, most = 80) {
  const line = visible(value).replace(/[\t\n]+/g, " ");
  const characters = Array.from(line);
  return characters.length > most ? `${characters.slice(0, most).join("")}…` : line;
}

/** Puts a text into quotes that a shell takes apart into the same text. */
export function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The address of the relay that sent this page, without a slash at the end. */
export function relay() {
  return new URL(".", location.href).href.replace(/[?#].*$/, "").replace(/\/+$/, "");
}

/** Whether others on the way can see and change what is sent. */
export function isPlain() {
  const here = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;
  return location.protocol === "http:" && !here.test(location.hostname);
}

async function copy(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS there is no clipboard; the old way works on what is selected.
    getSelection().selectAllChildren(shown);
    return document.execCommand("copy");
  }
}

/** Shows every button with `data-copy`, and makes it copy the text of the element that it names. */
export function copyButtons() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const label = button.textContent;
    let back;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const shown = $(button.dataset.copy);
      const copied = await copy(shown.textContent, shown);
      button.textContent = copied ? "Copied" : "Selected";
      const what = button.dataset.what ?? "The text";
      const told = copied ? `${what} was copied.` : `${what} is selected: copy it by hand.`;
      say($("copied"), told);
      clearTimeout(back);
      back = setTimeout(() => {
        button.textContent = label;
      }, 4000);
    });
  }
}

/** How long an answer may take, in milliseconds. */
const PATIENCE = 15000;

/**
 * Asks the relay. Returns `{status, body, headers}`; `body` is the JSON, or null where there is
 * none. Status 0 is no answer at all.
 */
export async function ask(path, { key, method = "GET", body, signal } = {}) {
  const ending = new AbortController();
  const end = () => ending.abort();
  const patience = setTimeout(end, PATIENCE);
  signal?.addEventListener("abort", end);
  const headers = {};
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  let text;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: ending.signal,
    });
    text = await answer.text();
  } catch {
    return { status: 0, body: null, headers: new Headers() };
  } finally {
    clearTimeout(patience);
    signal?.removeEventListener("abort", end);
  }
  let json = null;
  try {
    json = JSON.parse(text);
  } catch {
    // Not ours, or from a proxy: the status has to do.
  }
  return { status: answer.status, body: json, headers: answer.headers };
}

/** Says in words why an answer is no success, in the relay's own where it has any. */
export function why({ status, body, headers }) {
  if (status === 0) return "The relay does not answer. It may be stopped, or the connection is down.";
  const said = typeof body?.error === "string" ? short(body.error, 200) : "";
  if (status === 429) {
    const after = Number(headers.get("Retry-After"));
    const when = after > 0 ? ` Try again in ${after} s.` : " Try again in a minute.";
    return `The relay has had too many requests.${when}`;
  }
  if (status >= 500) return `The relay has a problem (${status}). Try again later.`;
  return said ? `The relay says: ${said}` : `The relay refused (${status}).`;
}

/**
 * Whether the ClawTalk API is "on", "off", or "unclear" because the relay did not say, with its
 * answer; and how many agents there are, or null.
 */
export async function health(signal) {
  const answer = await ask("health", { signal });
  const { status, body } = answer;
  const known = status === 200 && body !== null && typeof body === "object";
  const on = known && "agents" in body;
  const state = on ? "on" : known || status === 404 ? "off" : "unclear";
  return { state, agents: on && Number.isInteger(body.agents) ? body.agents : null, answer };
}
