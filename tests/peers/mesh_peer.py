#!/usr/bin/env python3
"""An OpenClaw Agent Mesh V1 agent, to test against: what the scripts do, not how.

Written for these tests from a description of the scripts' behaviour; no line of it is theirs.
Canonical JSON is the standard library's, signatures are those of the `cryptography` package.
It is as lenient as the scripts are, so that what chaperon does not take is chaperon's doing;
only it writes no file outside of its directory.

State lies in $OPENCLAW_AGENT_MESH_DIR, in the layout of the scripts.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import secrets
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PROTOCOL = "openclaw-agent-mesh/v1"
SIGNED_PARTS = ("agent_id", "display_name", "endpoint", "public_key", "fingerprint")
DIRECTORIES = (
    "peers",
    "requests/incoming",
    "requests/outgoing",
    "messages/incoming",
    "messages/outgoing",
)


class Refused(Exception):
    """What the scripts print on stderr before they exit with 1."""


def state():
    default = Path.home() / ".openclaw" / "agent-mesh"
    root = Path(os.environ.get("OPENCLAW_AGENT_MESH_DIR") or default)
    for directory in DIRECTORIES:
        (root / directory).mkdir(parents=True, exist_ok=True)
    return root


def place(directory, identifier):
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,128}", str(identifier)):
        raise Refused(f"unsafe id: {identifier!r}")
    return state() / directory / f"{identifier}.json"


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def store(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def show(value):
    print(json.dumps(value, indent=2, ensure_ascii=False))


def me():
    path = state() / "identity.json"
    if not path.exists():
        raise Refused("Identity not initialized. Run: mesh.py init")
    return load(path)


def about_me():
    identity = me()
    return {part: identity[part] for part in SIGNED_PARTS}


def canonical(value):
    rest = {name: member for name, member in value.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()


def signed(value):
    pem = (state() / "private_key.pem").read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    return {**value, "signature": base64.b64encode(key.sign(canonical(value))).decode()}


def verifies(value, pem):
    try:
        key = serialization.load_pem_public_key(pem.encode())
        key.verify(base64.b64decode(value["signature"]), canonical(value))
    except (InvalidSignature, KeyError, TypeError, ValueError, AttributeError):
        return False
    return True


def trusted(agent):
    path = place("peers", agent)
    if not path.exists():
        raise Refused(f"Peer {agent} is not trusted")
    return load(path)


def http(url, value=None):
    body = None if value is None else json.dumps(value).encode()
    headers = {"Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=5 if body is None else 8) as response:
        return json.loads(response.read().decode("utf-8"))


def at(base, path):
    return base.rstrip("/") + path


# What arrives.


def take_request(value):
    if not verifies(value, value.get("from", {}).get("public_key", "")):
        return {"verified": False, "request_id": value.get("request_id")}
    path = place("requests/incoming", value["request_id"])
    store(path, value)
    return {"verified": True, "request_id": value["request_id"], "saved": str(path)}


def take_message(value):
    peer = trusted(value.get("from"))
    if not verifies(value, peer["public_key"]):
        return {"verified": False, "message_id": value.get("message_id")}
    path = place("messages/incoming", value["message_id"])
    store(path, value)
    return {
        "verified": True,
        "message_id": value["message_id"],
        "saved": str(path),
        "ack": {
            "type": "ack",
            "message_id": value["message_id"],
            "status": "received",
            "timestamp": now(),
        },
    }


class Handler(BaseHTTPRequestHandler):
    """The three paths, compared exactly, answered with HTTP/1.0."""

    takers = {
        "/agent-mesh/contact-request": take_request,
        "/agent-mesh/message": take_message,
    }

    def do_GET(self):
        if self.path != "/agent-mesh/discovery":
            return self.answer(404, {"ok": False, "error": "not_found"})
        try:
            agent = about_me()
        except Refused as refused:
            return self.answer(500, {"ok": False, "error": f"{refused}\n"})
        return self.answer(200, {"ok": True, "protocol": PROTOCOL, "agent": agent})

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        try:
            value = json.loads(self.rfile.read(length).decode("utf-8")) if length else {}
        except ValueError:
            return self.answer(400, {"ok": False, "error": "invalid_json"})
        take = self.takers.get(self.path)
        if take is None:
            return self.answer(404, {"ok": False, "error": "not_found"})
        try:
            return self.answer(200, {"ok": True, "result": take(value)})
        except Refused as refused:
            return self.answer(400, {"ok": False, "error": f"{refused}\n"})
        except (AttributeError, KeyError, TypeError, UnicodeError) as error:
            return self.answer(400, {"ok": False, "error": f"Traceback: {error!r}"})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


# The verbs.


def init(arguments):
    root = state()
    if (root / "identity.json").exists() and not arguments.force:
        raise Refused(f"Identity already exists at {root / 'identity.json'}")
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (root / "private_key.pem").write_bytes(private)
    (root / "private_key.pem").chmod(0o600)
    (root / "public_key.pem").write_bytes(public)
    agent = arguments.agent_id or f"agent-{secrets.token_hex(6)}"
    identity = {
        "protocol": PROTOCOL,
        "agent_id": agent,
        "display_name": arguments.display_name or agent,
        "endpoint": arguments.endpoint,
        "public_key": public.decode(),
        "fingerprint": f"sha256:{hashlib.sha256(public).hexdigest()}",
        "created_at": now(),
    }
    store(root / "identity.json", identity)
    show(identity)


def discovery(_):
    show({"ok": True, "protocol": PROTOCOL, "agent": about_me()})


def scan(arguments):
    found = []
    for url in arguments.urls:
        try:
            found.append({"url": url, "response": http(at(url, "/agent-mesh/discovery"))})
        except (OSError, ValueError) as error:
            found.append({"url": url, "error": str(error)})
    show(found)


def request_contact(arguments):
    request = signed(
        {
            "type": "contact_request",
            "request_id": f"req_{secrets.token_hex(16)}",
            "from": about_me(),
            "timestamp": now(),
            "purpose": arguments.purpose,
        }
    )
    path = place("requests/outgoing", request["request_id"])
    store(path, request)
    if arguments.send is None:
        return show(request)
    response = http(at(arguments.send, "/agent-mesh/contact-request"), request)
    return show({"saved": str(path), "response": response})


def receive_contact(arguments):
    show(take_request(load(Path(arguments.file))))


def receive_message(arguments):
    show(take_message(load(Path(arguments.file))))


def list_requests(_):
    show([load(path) for path in sorted((state() / "requests/incoming").glob("*.json"))])


def pending(request_id):
    path = place("requests/incoming", request_id)
    if not path.exists():
        raise Refused("Request not found")
    return path


def approve_request(arguments):
    request = load(pending(arguments.request_id))
    sender = request["from"]
    peer = {part: sender[part] for part in SIGNED_PARTS}
    peer |= {"trusted_at": now(), "source_request_id": request["request_id"]}
    store(place("peers", peer["agent_id"]), peer)
    show(peer)


def reject_request(arguments):
    pending(arguments.request_id).unlink()
    show({"ok": True, "rejected": arguments.request_id})


def send_message(arguments):
    peer = trusted(arguments.to)
    message = signed(
        {
            "type": "direct_message",
            "message_id": f"msg_{secrets.token_hex(16)}",
            "from": me()["agent_id"],
            "to": arguments.to,
            "timestamp": now(),
            "body": {"text": arguments.text},
        }
    )
    path = place("messages/outgoing", message["message_id"])
    store(path, message)
    if not arguments.send:
        return show(message)
    if not peer.get("endpoint"):
        raise Refused("Trusted peer has no endpoint")
    response = http(at(peer["endpoint"], "/agent-mesh/message"), message)
    return show({"saved": str(path), "response": response})


def list_messages(_):
    show([load(path) for path in sorted((state() / "messages/incoming").glob("*.json"))])


def serve(arguments):
    server = HTTPServer((arguments.host, arguments.port), Handler)
    # With port 0 nobody else knows which one it became.
    print(f"listening on {server.server_address[0]}:{server.server_address[1]}", flush=True)
    server.serve_forever()


def parser():
    top = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = top.add_subparsers(required=True)

    def verb(run, *positional):
        added = verbs.add_parser(run.__name__.replace("_", "-"))
        added.set_defaults(run=run)
        for name in positional:
            added.add_argument(name)
        return added

    added = verb(init)
    added.add_argument("--endpoint", required=True)
    added.add_argument("--agent-id")
    added.add_argument("--display-name")
    added.add_argument("--force", action="store_true")
    verb(discovery)
    verb(scan).add_argument("urls", nargs="+")
    added = verb(request_contact)
    added.add_argument("--purpose", default="request trusted communication")
    added.add_argument("--send", metavar="BASEURL")
    verb(receive_contact, "file")
    verb(receive_message, "file")
    verb(list_requests)
    verb(approve_request, "request_id")
    verb(reject_request, "request_id")
    added = verb(send_message)
    added.add_argument("--to", required=True)
    added.add_argument("--text", required=True)
    added.add_argument("--send", action="store_true")
    verb(list_messages)
    added = verb(serve)
    added.add_argument("--host", default="127.0.0.1")
    added.add_argument("--port", type=int, default=8787)
    return top


def main():
    arguments = parser().parse_args()
    try:
        arguments.run(arguments)
    except Refused as refused:
        sys.exit(str(refused))


if __name__ == "__main__":
    main()
