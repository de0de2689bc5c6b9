"""Makes a NAT of the network namespace it runs in, as a router at home has it.

What goes out leaves under the router's own address; what comes in and answers nothing is
dropped. Speaks to nf_tables itself, because the program nft need not be there
(linux/netfilter/nf_tables.h, nfnetlink.h).
"""

import socket
import struct

REQUEST, ACKNOWLEDGE, CREATE, APPEND = 0x1, 0x4, 0x400, 0x800
NFTABLES = 10
BATCH_BEGIN, BATCH_END = 16, 17
NEW_TABLE, NEW_CHAIN, NEW_RULE = 0, 3, 6
IPV4 = 2
HOOK_IN, HOOK_POSTROUTING = 1, 4
DROP, ACCEPT = 0, 1
NESTED = 0x8000


def attribute(kind, data):
    length = 4 + len(data)
    return struct.pack("=HH", length, kind) + data + b"\0" * (-length % 4)


def text(kind, value):
    return attribute(kind, value.encode() + b"\0")


def number(kind, value):
    return attribute(kind, struct.pack(">I", value))


def message(kind, flags, sequence, family, resource, body=b""):
    body = struct.pack(">BBH", family, 0, resource) + body
    return struct.pack("=IHHII", 16 + len(body), kind, flags, sequence, 0) + body


def chain(name, kind, hook, priority, policy):
    hook = number(1, hook) + number(2, priority)
    return (
        text(1, "nat")
        + text(3, name)
        + attribute(4 | NESTED, hook)
        + number(5, policy)
        + text(7, kind)
    )


masquerade = attribute(4 | NESTED, attribute(1 | NESTED, text(1, "masq")))
steps = [
    (NEW_TABLE, 0, text(1, "nat")),
    (NEW_CHAIN, 0, chain("out", "nat", HOOK_POSTROUTING, 100, ACCEPT)),
    (NEW_CHAIN, 0, chain("in", "filter", HOOK_IN, 0, DROP)),
    (NEW_RULE, APPEND, text(1, "nat") + text(2, "out") + masquerade),
]
batch = message(BATCH_BEGIN, REQUEST, 0, 0, NFTABLES)
for index, (kind, flags, body) in enumerate(steps):
    flags |= REQUEST | ACKNOWLEDGE | CREATE
    batch += message(NFTABLES << 8 | kind, flags, index + 1, IPV4, 0, body)
batch += message(BATCH_END, REQUEST, 0, 0, NFTABLES)

netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
netlink.settimeout(5)
netlink.send(batch)
acknowledged = 0
while acknowledged < len(steps):
    answers = netlink.recv(1 << 16)
    while answers:
        length, kind = struct.unpack_from("=IH", answers)
        if kind == 2:
            (error,) = struct.unpack_from("=i", answers, 16)
            if error:
                raise OSError(-error, "nf_tables refuses it")
            acknowledged += 1
        answers = answers[length + (-length % 4) :]
