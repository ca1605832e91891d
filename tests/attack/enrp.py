#!/usr/bin/python3
"""A registrar that has the keys of one, and does what it likes: connects to an ENRP port and says what it is told to.

enrp.py --psk IDENTITY:HEX --id ID ADDR:PORT STEP...
    Take the steps one after the other; a registrar's questions are answered meanwhile, as a registrar would or as a step
    says. Print what comes, in order: "error CAUSE", "update add|delete PE_ID HOME", "init|ack|takeover TARGET", "asked FLAGS"
    (for a table), "closed". Presences and lists are not worth a line. In the end there is a fence, so all steps were dealt
    with.

STEP: hello[:CHECKSUM]      a presence that wants a reply; without one with the checksum of nothing
    | as:ID                 speak as server ID from now on: 0, or another's
    | add|delete:POOL:PE_ID:HOME[:VERSION[:OWNER]]  an update. HOME may be "me". VERSION is a number, or now, max or over: the
                            wall clock, the last one that is believed, and 10 s beyond
    | pools:N:M             add M elements of its own to each of N pools
    | init:ID | ack:ID | takeover:ID
    | table:FLAGS:POOL:PE_ID:HOME                   a page of a table
    | servers:N             lists of N servers that do not exist
    | server:ID:NAME:IP:PORT                        a list of one server
    | tables:HOW            what requests for its table get from now on: nothing, empty (a table), reject, endless (pages of
                            nothing), circle (the same page), twice (two last pages), with:PE_ID:HOME[:VERSION:OWNER]
                            (that element)
    | noise:SEED:N          N messages of random types, flags and octets
    | longest:TYPE          a message of 65535 octets, which are 0
    | hex:OCTETS
    | times:N:STEP          that step so often
    | fence                 until all that was said has been dealt with
    | await:WORDS           until a line came that begins so
    | stay:SECONDS
"""
import argparse
import os
import queue
import random
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from raw import Tls, pad, tlv, transport  # noqa: E402

PRESENCE, TABLE_REQUEST, TABLE, UPDATE, LIST_REQUEST, LIST, INIT, ACK, TAKEOVER, ERROR = range(1, 11)
ABOUT = {"init": INIT, "ack": ACK, "takeover": TAKEOVER}
TWO_YEARS = 2 * 366 * 86400 * 1000


def version_of(text):
    now = 2 * (time.time_ns() // 1000000)
    return {"now": now, "max": now + TWO_YEARS, "over": now + TWO_YEARS + 20000}.get(text) or int(text, 0)


class Rogue:
    def __init__(self, where, psk, server_id):
        identity, key = psk.rsplit(":", 1)
        self.link = Tls(where, ["-psk_identity", identity, "-psk", key, "-ciphersuites", "TLS_AES_128_GCM_SHA256"])
        self.me = self.first = server_id
        self.tables, self.stolen, self.lines, self.lists, self.closed = "empty", (), [], queue.Queue(), False
        self.lock, self.leaving = threading.Lock(), False
        threading.Thread(target=self.listen, daemon=True).start()

    def say(self, kind, flags, *parameters, fixed=b""):
        body = fixed + b"".join(pad(p) for p in parameters[:-1]) + (parameters[-1] if parameters else b"")
        octets = struct.pack("!BBHII", kind, flags, 12 + len(body), self.me, 0) + body
        with self.lock:
            self.link.send(pad(octets))

    # what comes

    def note(self, line):
        self.lines.append(line)
        print(line, flush=True)

    def listen(self):
        came = b""
        while octets := self.link.process.stdout.read(65536):
            came += octets
            while len(came) >= 4 and len(came) >= (size := struct.unpack("!H", came[2:4])[0] + 3 & ~3):
                self.take(came[0], came[1], came[12:size])
                came = came[size:]
        self.closed = True
        if not self.leaving:
            self.note("closed")
        self.lists.put(None)

    def take(self, kind, flags, body):
        if kind == PRESENCE and flags & 1:
            self.presence(0)
        elif kind == TABLE_REQUEST:
            self.note(f"asked {flags}")
            self.give()
        elif kind == UPDATE:
            self.note("update %s %s" % ("delete" if body[1] else "add", self.element_of(body[4:])))
        elif kind in ABOUT.values():
            word = next(word for word in ABOUT if ABOUT[word] == kind)
            self.note("%s 0x%08x" % (word, *struct.unpack("!I", body[:4])))
        elif kind == ERROR:
            self.note("error 0x%04x" % struct.unpack("!H", body[4:6]))
        elif kind == LIST_REQUEST:
            self.say(LIST, 0)
        elif kind == LIST:
            self.lists.put(flags)

    @staticmethod
    def element_of(parameters):
        while struct.unpack("!H", parameters[:2])[0] != 0xA:
            parameters = parameters[struct.unpack("!H", parameters[2:4])[0] + 3 & ~3:]
        return "0x%08x 0x%08x" % struct.unpack("!II", parameters[4:12])

    def give(self):
        page = tlv(9, b"web"), self.element(0x999, self.first, "0", "")
        if self.tables == "empty":
            self.say(TABLE, 0)
        elif self.tables == "reject":
            self.say(TABLE, 1)
        elif self.tables == "endless":
            self.say(TABLE, 2)
        elif self.tables == "circle":
            self.say(TABLE, 2, *page)
        elif self.tables == "with":
            self.say(TABLE, 0, tlv(9, b"web"), *self.stolen)
        elif self.tables == "twice":
            self.say(TABLE, 0)
            self.say(TABLE, 2, *page)
            self.say(TABLE, 0, *page)

    # what it says

    def element(self, pe_id, home, version, owner):
        octets = struct.pack("!IIi", pe_id, home, 300) + transport("127.0.0.1", 6666) + tlv(8, struct.pack("!I", 1))
        octets += transport("127.0.0.1", 9)  # where registrars would reach it: nobody is there
        if owner:
            octets += pad(tlv(0xBF01, owner.encode()))
        if number := version_of(version):
            octets += tlv(0xBF03, struct.pack("!Q", number))
        return tlv(0xA, octets)

    def presence(self, flags, checksum=0xFFFF):
        self.say(PRESENCE, flags, tlv(0xF, struct.pack("!H", checksum)))

    def update(self, delete, pool, pe_id, home, version="0", owner=""):
        home = self.first if home == "me" else int(home, 0)
        self.say(UPDATE, 0, tlv(9, pool.encode()), self.element(int(pe_id, 0), home, version, owner),
                 fixed=struct.pack("!HH", delete, 0))

    def servers(self, n):
        for first in range(0, n, 1000):
            infos = []
            for i in range(first, min(n, first + 1000)):
                name = tlv(0xBF04, b"x%05d" % i)
                octets = struct.pack("!I", 0x70000000 + i) + transport("127.0.0.1", 9) + pad(name)
                infos.append(tlv(0xB, octets))
            self.say(LIST, 0, *infos)

    def noise(self, seed, count):
        source = random.Random(seed)
        for _ in range(count):
            kind = source.choice(range(11))
            body = bytearray(source.randbytes(source.randrange(0, 200)))
            if source.randrange(2):  # something like a parameter at least
                kinds = [5, 8, 9, 0xA, 0xB, 0xC, 0xF, 0xBF03]
                body[:0] = struct.pack("!HH", source.choice(kinds), source.randrange(64))
            octets = struct.pack("!BBHII", kind, source.randrange(4), 12 + len(body), self.me, 0) + bytes(body)
            with self.lock:
                self.link.send(pad(octets))

    def fence(self):
        if self.closed:
            return
        while not self.lists.empty():
            self.lists.get()
        self.say(LIST_REQUEST, 0)
        self.lists.get(timeout=20)

    def wait(self, words):
        end = time.monotonic() + 20
        while not any(line.startswith(words) for line in list(self.lines)):
            if self.closed or time.monotonic() > end:
                sys.exit(f"enrp.py: nothing that begins with {words!r} came")
            time.sleep(0.01)

    def step(self, text):
        word, _, rest = text.partition(":")
        part = rest.split(":")
        if word == "hello":
            self.presence(1, int(part[0], 0) if part[0] else 0xFFFF)
        elif word == "as":
            self.me = int(part[0], 0)
        elif word in ("add", "delete"):
            self.update(word == "delete", *part)
        elif word == "pools":
            for i in range(int(part[0])):
                for k in range(int(part[1])):
                    self.update(False, f"flood{i}", str(1 + k), "me", "now")
        elif word in ABOUT:
            self.say(ABOUT[word], 0, fixed=struct.pack("!I", int(part[0], 0)))
        elif word == "table":
            home = self.first if part[3] == "me" else int(part[3], 0)
            self.say(TABLE, int(part[0], 0), tlv(9, part[1].encode()), self.element(int(part[2], 0), home, "now", ""))
        elif word == "servers":
            self.servers(int(part[0]))
        elif word == "server":
            octets = struct.pack("!I", int(part[0], 0)) + transport(part[2], part[3])
            self.say(LIST, 0, tlv(0xB, octets + pad(tlv(0xBF04, part[1].encode()))))
        elif word == "tables":
            self.tables = part[0]
            if part[0] == "with":
                home = self.first if part[2] == "me" else int(part[2], 0)
                self.stolen = [self.element(int(part[1], 0), home, *(part[3:5] if len(part) > 3 else ("now", "")))]
        elif word == "noise":
            self.noise(int(part[0]), int(part[1]))
        elif word == "times":
            for _ in range(int(part[0])):
                self.step(rest.partition(":")[2])
        elif word == "longest":
            self.say(int(part[0]), 0, fixed=bytes(65535 - 12))
        elif word == "hex":
            with self.lock:
                self.link.send(bytes.fromhex(part[0]))
        elif word == "fence":
            self.fence()
        elif word == "await":
            self.wait(rest)
        elif word == "stay":
            time.sleep(float(part[0]))
        else:
            sys.exit(f"enrp.py: no step {text!r}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--psk", required=True)
    parser.add_argument("--id", type=lambda text: int(text, 0), required=True)
    parser.add_argument("where")
    parser.add_argument("step", nargs="+")
    given = parser.parse_args()
    rogue = Rogue(given.where, given.psk, given.id)
    try:
        for text in given.step:
            rogue.step(text)
        rogue.me = rogue.first
        rogue.fence()
    finally:
        rogue.leaving = True
        rogue.link.close()


main()
