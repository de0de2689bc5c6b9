// An agent of ClawTalk for tests, written after the measured behaviour of the reference's client
// (tweetnacl, tweetnacl-util, fetch). What it signs, verifies, skips and stops at is what that
// client does; nothing here is better than it.
//
// CLAWTALK_HOME is where it keeps agent.json; CHAPERON_TEST_TWEETNACL the node_modules with both
// packages. Answers are JSON on standard output; what goes wrong is {"error": ...} there, with
// exit code 1.
//
//   keygen                          makes keys and prints them
//   register --url U --invite C --name N   registers and uploads the keys
//   join --url U --name N --key ct_...     takes an account that there is, and uploads the keys
//   agents                          prints the directory
//   send --to N --payload JSON [--type T] [--topic T] [--correlation-id C] [--ttl S] [--mode M]
//        M: signed (default), unsigned, wrong, plain, plain-signed, broadcast, broadcast-signed
//   receive                         prints what waits; stops at the first that does not open
//   ack ID...                       deletes
// The relay's audit is told everything in plain text unless --no-audit is given.

import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const packages = createRequire(join(process.env.CHAPERON_TEST_TWEETNACL, "package.json"));
const nacl = packages("tweetnacl");
const { decodeBase64, encodeBase64, decodeUTF8, encodeUTF8 } = packages("tweetnacl-util");

const STATE = join(process.env.CLAWTALK_HOME, "agent.json");

function load() {
  return JSON.parse(readFileSync(STATE, "utf8"));
}

function save(state) {
  writeFileSync(STATE, JSON.stringify(state, null, 2));
}

function options(words) {
  const found = { rest: [] };
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (word === "--no-audit") {
      found.quiet = true;
    } else if (word.startsWith("--")) {
      found[word.slice(2)] = words[(at += 1)];
    } else {
      found.rest.push(word);
    }
  }
  return found;
}

function makeKeys() {
  const box = nacl.box.keyPair();
  const sign = nacl.sign.keyPair();
  return {
    publicKey: encodeBase64(box.publicKey),
    privateKey: encodeBase64(box.secretKey),
    signingKey: encodeBase64(sign.publicKey),
    signingPrivateKey: encodeBase64(sign.secretKey),
  };
}

async function call(state, method, path, body) {
  const response = await fetch(state.url + path, {
    method,
    headers: { Authorization: `Bearer ${state.apiKey}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) {
    const answer = await response.json().catch(() => ({}));
    throw new Error(answer.error ?? `HTTP ${response.status}`);
  }
  return response.status === 204 ? undefined : response.json();
}

async function upload(state) {
  const { publicKey, signingKey } = state;
  await call(state, "PATCH", `/agents/${encodeURIComponent(state.name)}`, { publicKey, signingKey });
}

// The keys of everybody, read once in a process and kept.
let known;
async function discover(state) {
  if (known === undefined) {
    known = new Map();
    for (const agent of await call(state, "GET", "/agents")) {
      known.set(agent.name, {
        publicKey: decodeBase64(agent.publicKey),
        signingKey: decodeBase64(agent.signingKey),
      });
    }
  }
  return known;
}

async function keysOf(state, name) {
  const keys = (await discover(state)).get(name);
  if (keys === undefined) {
    throw new Error(`Agent "${name}" not found`);
  }
  return keys;
}

// What a signature is over. Members that are undefined are left out by JSON.stringify.
function signedText(message, ttl) {
  const { to, type, topic, correlationId, encrypted, payload, nonce } = message;
  return JSON.stringify({ to, type, topic, correlationId, ttl, encrypted, payload, nonce });
}

async function tellAudit(state, quiet, entry) {
  if (!quiet) {
    await call(state, "POST", "/audit", entry).catch(() => undefined);
  }
}

async function send(state, given) {
  const mode = given.mode ?? "signed";
  const everybody = mode.startsWith("broadcast");
  const payload = JSON.parse(given.payload);
  const ttl = given.ttl === undefined ? undefined : Number(given.ttl);
  const message = {
    to: everybody ? "broadcast" : given.to,
    type: given.type ?? "request",
    topic: given.topic,
    correlationId: given["correlation-id"],
    ttl,
    encrypted: true,
    payload: undefined,
    nonce: undefined,
  };
  if (everybody || mode.startsWith("plain")) {
    message.encrypted = false;
    message.payload = payload;
  } else {
    const { publicKey } = await keysOf(state, given.to);
    const nonce = nacl.randomBytes(nacl.box.nonceLength);
    const plain = decodeUTF8(JSON.stringify(payload));
    message.payload = encodeBase64(
      nacl.box(plain, nonce, publicKey, decodeBase64(state.privateKey)),
    );
    message.nonce = encodeBase64(nonce);
  }
  if (mode === "signed" || mode.endsWith("-signed") || mode === "wrong") {
    const secret =
      mode === "wrong" ? nacl.sign.keyPair().secretKey : decodeBase64(state.signingPrivateKey);
    const text = signedText(message, ttl);
    message.signature = encodeBase64(nacl.sign.detached(decodeUTF8(text), secret));
  }
  const answer = await call(state, "POST", "/messages", message);
  await tellAudit(state, given.quiet, {
    messageId: answer.id,
    direction: "sent",
    from: state.name,
    to: message.to,
    topic: message.topic,
    correlationId: message.correlationId,
    payload,
    ts: answer.ts,
  });
  return answer;
}

async function open(state, message) {
  if (!message.encrypted || typeof message.payload !== "string" || !message.nonce) {
    return message;
  }
  const { publicKey, signingKey } = await keysOf(state, message.from);
  const plain = nacl.box.open(
    decodeBase64(message.payload),
    decodeBase64(message.nonce),
    publicKey,
    decodeBase64(state.privateKey),
  );
  if (plain === null) {
    throw new Error(`Failed to decrypt message ${message.id} from ${message.from}`);
  }
  const opened = { ...message, payload: JSON.parse(encodeUTF8(plain)) };
  if (message.signature) {
    opened.verified = nacl.sign.detached.verify(
      decodeUTF8(signedText(message)),
      decodeBase64(message.signature),
      signingKey,
    );
  }
  return opened;
}

async function receive(state, quiet) {
  const { messages } = await call(state, "GET", "/messages");
  const opened = [];
  for (const message of messages) {
    opened.push(await open(state, message));
  }
  for (const message of opened) {
    await tellAudit(state, quiet, {
      messageId: message.id,
      direction: "received",
      from: message.from,
      to: state.name,
      topic: message.topic,
      correlationId: message.correlationId,
      payload: message.payload,
      ts: message.ts,
    });
  }
  return opened;
}

async function main([verb, ...words]) {
  const given = options(words);
  switch (verb) {
    case "keygen": {
      const keys = makeKeys();
      save(keys);
      return keys;
    }
    case "register": {
      const state = { ...makeKeys(), url: given.url };
      const answer = await call(state, "POST", "/register", {
        invite: given.invite,
        name: given.name,
      });
      Object.assign(state, answer);
      save(state);
      await upload(state);
      return answer;
    }
    case "join": {
      const state = { ...makeKeys(), url: given.url, name: given.name, apiKey: given.key };
      save(state);
      await upload(state);
      return { name: state.name };
    }
    case "agents":
      return call(load(), "GET", "/agents");
    case "send":
      return send(load(), given);
    case "receive":
      return receive(load(), given.quiet);
    case "ack":
      for (const id of given.rest) {
        await call(load(), "DELETE", `/messages/${id}`);
      }
      return { deleted: given.rest.length };
    default:
      throw new Error(`no such verb: ${verb}`);
  }
}

main(process.argv.slice(2)).then(
  (answer) => console.log(JSON.stringify(answer)),
  (error) => {
    console.log(JSON.stringify({ error: error.message }));
    process.exitCode = 1;
  },
);
