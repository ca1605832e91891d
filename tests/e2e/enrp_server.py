#!/usr/bin/python3
"""An ENRP server that is not ours, over plain TCP: answers monitors properly, or in the ways that a test wants.

enrp_server.py [OPTION...] ADDRESS_FILE REQUESTS_FILE
    Writes ADDR:PORT to ADDRESS_FILE once it listens, and a line of hex to REQUESTS_FILE for each message that comes.
    --id ID          its server id (0x11111111)
    --peers N        how many others it lists (0)
    --pools N --elements N --page N     its handlespace: N pools of N elements each, N elements a page (2, 5, 3)
    --reject N       answers the first N requests with the R flag
    --hold N FILE    answers the Nth request only when FILE exists
    --listen-when FILE  until FILE exists nobody is let in
    --behave HOW     one of the words below
"""
import argparse
import os
import signal
import socket
import struct
import sys
import threading
import time

HOW = {
    "well": "as it should",
    "silent": "says nothing",
    "close": "closes the connection after a request",
    "loop": "its table has no end: the same pages again and again",
    "circle": "the same, but the first page is not among them",
    "empty": "pages with nothing on them, and always more to come",
    "other": "answers with a message of another type",
    "malformed": "answers with a parameter that is longer than its message",
    "length": "answers with a length that no message can have",
    "noise": "says much that nobody asked for before each answer",
    "error": "answers with ENRP_ERROR, cause 0xa",
    "id0": "calls itself server 0",
    "turncoat": "changes its server id after the first page",
    "stranger": "answers somebody else",
    "drip": "octet by octet",
    "cut": "closes in the middle of an answer",
    "ahead": "sends three pages for each request",
    "unlike": "lists pools whose elements have different policies, and one that comes twice",
    "many-homes": "each element has a home of its own",
}

parser = argparse.ArgumentParser()
parser.add_argument("--id", type=lambda text: int(text, 0), default=0x11111111)
parser.add_argument("--peers", type=int, default=0)
parser.add_argument("--pools", type=int, default=2)
parser.add_argument("--elements", type=int, default=5)
parser.add_argument("--page", type=int, default=3)
parser.add_argument("--reject", type=int, default=0)
parser.add_argument("--hold", nargs=2, default=(0, ""))
parser.add_argument("--listen-when")
parser.add_argument("--behave", choices=HOW, default="well")
parser.add_argument("address_file")
parser.add_argument("requests_file")
given = parser.parse_args()
log = open(given.requests_file, "w", buffering=1, encoding="ascii")


def pad(octets):
    return octets + bytes(-len(octets) % 4)


def tlv(kind, value):
    return struct.pack("!HH", kind, 4 + len(value)) + value


def message(kind, flags, sender, receiver, *parameters):
    body = b"".join(pad(p) for p in parameters[:-1]) + (parameters[-1] if parameters else b"")
    return pad(struct.pack("!BBHII", kind, flags, 12 + len(body), sender, receiver) + body)


def transport(port):
    return tlv(5, struct.pack("!HH", port, 0) + tlv(1, bytes([127, 0, 0, 1])))


def element(pe_id, home, policy=1):
    extra = struct.pack("!I", 7) if policy == 2 else b""
    return tlv(0xA, struct.pack("!IIi", pe_id, home, 300) + transport(8080) +
               tlv(8, struct.pack("!I", policy) + extra))


def server_info(number):
    return tlv(0xB, struct.pack("!I", 0x22222222 + number) + transport(9901))


def table():
    """(handle, element) in the order of the table"""
    if given.behave == "unlike":
        yield b"mixed", element(1, given.id, 1)
        yield b"mixed", element(2, given.id, 2)
        yield b"\xff\x00", element(3, given.id, 2)
        yield b"mixed", element(4, 0x77, 1)
        return
    for pool in range(given.pools):
        for i in range(given.elements):
            pe_id = 1 + pool * given.elements + i
            yield b"pool%d" % pool, element(pe_id, pe_id if given.behave == "many-homes" else given.id)


def pages():
    """Each page: its parameters, and whether more follow."""
    if given.behave == "empty":
        while True:
            yield [], True
    page, last, count = [], None, 0
    made = []
    for handle, one in table():
        if count == given.page:
            made.append(page)
            page, last, count = [], None, 0
        if handle != last:
            page.append(tlv(9, handle))
            last = handle
        page.append(one)
        count += 1
    made.append(page)
    if given.behave in ("loop", "circle"):
        while True:
            yield from ((page, True) for page in made)
            if given.behave == "circle" and len(made) > 1:
                made = made[1:]
    for i, page in enumerate(made):
        yield page, i + 1 < len(made)


class Session:
    def __init__(self, link):
        self.link, self.requests, self.pages, self.rejected = link, 0, None, 0

    def say(self, octets):
        if given.behave == "drip":
            for octet in octets:
                self.link.sendall(bytes([octet]))
                time.sleep(0.0005)
        elif given.behave == "cut":
            self.link.sendall(octets[:-2])
            self.link.close()
        else:
            self.link.sendall(octets)

    def noise(self, monitor):
        info = server_info(0)
        presence = message(1, 1, given.id, monitor, tlv(0xF, b"\0\0"), info)
        update = message(4, 0, given.id, monitor, struct.pack("!HH", 0, 0) + tlv(9, b"web"), element(9, given.id))
        for octets in (presence if self.kind != 1 else update, update, b"\x7f\0\0\4", message(7, 0, given.id, 0),
                       message(6 if self.kind != 5 else 3, 0, given.id, monitor),
                       message(self.kind + (self.kind != 1), 0, given.id, monitor ^ 1)):
            self.say(octets)

    def table_page(self, own):
        page, more = next(self.pages)
        if not more:
            self.pages = None
        sender = given.id + 1 if given.behave == "turncoat" and self.requests > 1 else given.id
        return message(3, 2 if more else 0, sender, self.monitor, *page)

    def answer(self):
        """The answers to one request, in order."""
        how, kind = given.behave, self.kind
        me = 0 if how == "id0" else given.id
        to = self.monitor ^ 1 if how == "stranger" else self.monitor
        reply = {1: 1, 2: 3, 5: 6}.get(kind)
        if reply is None:
            return []
        if how == "error":
            return [message(10, 0, me, to, tlv(0xC, tlv(0xA, b"")))]
        if how == "other":
            return [message({1: 6, 3: 6, 6: 3}[reply], 0, me, to)]
        if how == "malformed":
            return [struct.pack("!BBHIIHHI", reply, 0, 20, me, to, {1: 0xF, 3: 9, 6: 0xB}[reply], 99, 0)]
        if how == "length":
            return [b"\3\0\0\3"]
        if self.rejected < given.reject:
            self.rejected += 1
            return [message(reply, 1, me, to)]
        if reply == 1:
            return [message(1, 0, me, to, tlv(0xF, b"\x12\x34"), tlv(0xB, struct.pack("!I", me) + transport(9901)))]
        if reply == 6:
            return [message(6, 0, me, to, *[server_info(i) for i in range(given.peers)])]
        self.pages = self.pages or pages()
        if how in ("id0", "stranger"):
            return [message(3, 0, me, to)]
        return [self.table_page(self.flags & 1) for _ in range(3 if how == "ahead" else 1) if self.pages]

    def request(self, octets):
        self.kind, self.flags, _, self.monitor, _ = struct.unpack("!BBHII", octets[:12])
        self.requests += 1
        log.write(octets.hex() + "\n")
        if given.behave == "silent":
            return
        if given.behave == "close":
            self.link.close()
            return
        while self.requests == int(given.hold[0]) and not os.path.exists(given.hold[1]):
            time.sleep(0.02)
        if given.behave == "noise":
            self.noise(self.monitor)
        for octets in self.answer():
            self.say(octets)

    def run(self):
        came = b""
        try:
            while octets := self.link.recv(65536):
                came += octets
                while len(came) >= 4 and len(came) >= (size := struct.unpack("!H", came[2:4])[0] + 3 & ~3):
                    self.request(came[:size])
                    came = came[size:]
        except OSError:
            pass
        self.link.close()


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
if not given.listen_when:
    listener.listen(64)
with open(given.address_file + ".new", "w", encoding="ascii") as file:
    file.write("%s:%d\n" % listener.getsockname())
os.rename(given.address_file + ".new", given.address_file)
if given.listen_when:
    while not os.path.exists(given.listen_when):
        time.sleep(0.02)
    listener.listen(64)
while True:
    threading.Thread(target=Session(listener.accept()[0]).run, daemon=True).start()
