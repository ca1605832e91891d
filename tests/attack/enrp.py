#!/usr/bin/python3
"""A registrar that has the keys of one, and does what it likes: connects to an ENRP port and says what it is told to.

enrp.py --psk IDENTITY:HEX --id ID ADDR:PORT STEP...
    Take the steps one after the other; a registrar's questions are answered meanwhile, as a registrar would or as a step
    says. Print what comes, in order: "error CAUSE", "update add|delete PE_ID HOME EPOCH RANK", "init|ack|takeover TARGET",
    "asked FLAGS" (for a table), "closed". Presences and lists are not worth a line. In the end there is a fence, so all
    steps were dealt with.

STEP: hello[:DIGEST]        a presence that wants a reply, with STATE; without DIGEST with that of nothing
    | word[:CHECKSUM]       the same without STATE, as registrars of others say it
    | as:ID                 speak as server ID from now on: 0, or another's
    | add|delete:POOL:PE_ID:HOME[:KEY=VALUE,...]    an update. HOME may be "me". The keys: owner, port, where (the port at
                            which registrars would reach it), and those of a statement, without which there is none:
                            epoch (a number, or +N above the last one given), instance, over, rank (1: registered, 65535:
                            removed; +N as with epoch). Of a key that is there twice the last one counts
    | pools:N:M             add M elements of its own to each of N pools
    | init:ID | ack:ID | takeover:ID
    | table:FLAGS:POOL:PE_ID:HOME                   a page of a table
    | servers:N             lists of N servers that do not exist
    | server:ID:NAME:IP:PORT                        a list of one server
    | tables:HOW            what requests for its table get from now on: nothing, empty (a table), reject, endless (pages of
                            nothing), circle (the same page), twice (two last pages), with:PE_ID:HOME[:KEY=VALUE,...]
                            (that element, and those of such steps before)
    | noise:SEED:N          N messages of random types, flags and octets
    | longest:TYPE          a message of 65535 octets, which are 0
    | hex:OCTETS
    | times:N:STEP          that step so often
    | climb:N:STEP          that step, which is an update with an epoch, so often, each time at the next epoch
    | fence                 until all that was said has been dealt with
    | await:WORDS           until a line came that begins so
    | stay:SECONDS          in both, its last presence again each half second
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
from raw import Tls, pad, parameters, tlv, transport  # noqa: E402

PRESENCE, TABLE_REQUEST, TABLE, UPDATE, LIST_REQUEST, LIST, INIT, ACK, TAKEOVER, ERROR = range(1, 11)
ABOUT = {"init": INIT, "ack": ACK, "takeover": TAKEOVER}
REMOVED = 65535


def statement_of(keys):
    """The keys of an element, "epoch=5,rank=1,rank=+1": a dictionary, and its STATEMENT, if it has one."""
    given = {"instance": "1", "over": "0", "rank": "1"}
    for key, _, value in (part.partition("=") for part in keys.split(",") if part):
        above = value.startswith("+")
        given[key] = str(int(given[key], 0) + int(value, 0)) if above else value
    if "epoch" not in given:
        return given, b""
    numbers = [int(given[key], 0) for key in ("epoch", "instance", "over", "rank")]
    return given, tlv(0xBF0A, struct.pack("!QIIQHH", *numbers[:3], 1, numbers[3], 0))


class Rogue:
    def __init__(self, where, psk, server_id):
        identity, key = psk.rsplit(":", 1)
        self.link = Tls(where, ["-psk_identity", identity, "-psk", key, "-ciphersuites", "TLS_AES_128_GCM_SHA256"])
        self.me = self.first = server_id
        self.tables, self.stolen, self.lines, self.lists, self.closed = "empty", [], [], queue.Queue(), False
        self.digest = 0  # None: it says no STATE
        self.spoken = 0  # when it last sent a presence
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
        if not self.leaving:
            self.note("closed")
        self.closed = True
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
    def element_of(octets):
        element = next(value for kind, value in parameters(octets) if kind == 0xA)
        line = "0x%08x 0x%08x" % struct.unpack("!II", element[:8])
        for kind, value in parameters(element[12:]):
            if kind == 0xBF0A:
                epoch, _, _, _, rank, _ = struct.unpack("!QIIQHH", value)
                line += f" 0x{epoch:016x} {rank}"
        return line

    def give(self):
        page = tlv(9, b"web"), self.element(0x999, self.first, "epoch=1")
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

    def element(self, pe_id, home, keys=""):
        given, statement = statement_of(keys)
        octets = struct.pack("!IIi", pe_id, home, 300)
        if int(given["rank"], 0) == REMOVED:
            octets = struct.pack("!IIi", pe_id, home, 0)
        else:
            octets += transport("127.0.0.1", given.get("port", "6666")) + tlv(8, struct.pack("!I", 1))
            octets += transport("127.0.0.1", given.get("where", "9"))  # where registrars would reach it: at 9 nobody is
        if "owner" in given:
            octets += pad(tlv(0xBF01, given["owner"].encode()))
        return tlv(0xA, octets + statement)

    def presence(self, flags, checksum=0xFFFF):
        self.spoken = time.monotonic()
        state = b"" if self.digest is None else tlv(0xBF0B, struct.pack("!QQI", self.digest, 0, 0))
        info = struct.pack("!I", self.me) + transport("127.0.0.1", 9)
        self.say(PRESENCE, flags, tlv(0xF, struct.pack("!H", checksum)), tlv(0xB, info + state))

    def update(self, delete, pool, pe_id, home, keys=""):
        home = self.first if home == "me" else int(home, 0)
        self.say(UPDATE, 0, tlv(9, pool.encode()), self.element(int(pe_id, 0), home, keys),
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
                kinds = [5, 8, 9, 0xA, 0xB, 0xC, 0xF, 0xBF0A, 0xBF0B]
                body[:0] = struct.pack("!HH", source.choice(kinds), source.randrange(64))
            octets = struct.pack("!BBHII", kind, source.randrange(4), 12 + len(body), self.me, 0) + bytes(body)
            with self.lock:
                self.link.send(pad(octets))

    def fence(self):
        if self.closed:
            return
        while not self.lists.empty():
            if self.lists.get() is None:
                return
        self.say(LIST_REQUEST, 0)
        self.lists.get(timeout=20)

    def wait(self, words):
        end = time.monotonic() + 20
        while not any(line.startswith(words) for line in list(self.lines)):
            if self.closed or time.monotonic() > end:
                sys.exit(f"enrp.py: nothing that begins with {words!r} came")
            self.stay(0.05)

    def stay(self, seconds):
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end and not self.closed:
            if self.spoken and now >= self.spoken + 0.5:
                self.presence(0)
            time.sleep(min(end - now, 0.05))

    def step(self, text):
        word, _, rest = text.partition(":")
        part = rest.split(":")
        if word == "hello":
            self.digest = int(part[0] or "0", 0)
            self.presence(1)
        elif word == "word":
            self.digest = None
            self.presence(1, int(part[0] or "0xffff", 0))
        elif word == "as":
            self.me = int(part[0], 0)
        elif word in ("add", "delete"):
            self.update(word == "delete", *part)
        elif word == "pools":
            for i in range(int(part[0])):
                for k in range(int(part[1])):
                    self.update(False, f"flood{i}", str(1 + k), "me", "epoch=1")
        elif word in ABOUT:
            self.say(ABOUT[word], 0, fixed=struct.pack("!I", int(part[0], 0)))
        elif word == "table":
            home = self.first if part[3] == "me" else int(part[3], 0)
            self.say(TABLE, int(part[0], 0), tlv(9, part[1].encode()), self.element(int(part[2], 0), home, "epoch=1"))
        elif word == "servers":
            self.servers(int(part[0]))
        elif word == "server":
            octets = struct.pack("!I", int(part[0], 0)) + transport(part[2], part[3])
            self.say(LIST, 0, tlv(0xB, octets + pad(tlv(0xBF04, part[1].encode()))))
        elif word == "tables":
            self.tables = part[0]
            if part[0] == "with":
                home = self.first if part[2] == "me" else int(part[2], 0)
                self.stolen.append(self.element(int(part[1], 0), home, part[3] if len(part) > 3 else "epoch=1"))
        elif word == "noise":
            self.noise(int(part[0]), int(part[1]))
        elif word == "times":
            for _ in range(int(part[0])):
                self.step(rest.partition(":")[2])
        elif word == "climb":
            for i in range(int(part[0])):
                self.step(f"{rest.partition(':')[2]},epoch=+{i}")
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
            self.stay(float(part[0]))
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
