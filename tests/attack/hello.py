#!/usr/bin/python3
"""Replay a recorded ClientHello, and go on with one of our own after the HelloRetryRequest (RFC 8446 4.1.4).

hello.py record FILE
    Listen at a port of 127.0.0.1 that is printed first; write to FILE the first ClientHello that comes, print "recorded",
    and end. The client is cut off: all that is known of it is its ClientHello, not its key.
hello.py replay [--second HOW] [--wait SECONDS] FILE ADDR:PORT [MESSAGE...]
    Send the ClientHello in FILE, and after a HelloRetryRequest a second one, made from it as HOW says: "drop" (the default)
    withdraws the offer of a key and accepts the server's certificate, "keep" repeats the offer, with a binder that cannot be
    right, "old" withdraws it and asks for TLS 1.2. Then send each MESSAGE (raw.py has them). Print what comes, a line each:
    "retry GROUP", "hello VERSION", "certificate" or "key" (how the server goes on), "finished" (the handshake is over, as far
    as the client can tell), an answer in hex, "alert DESCRIPTION" and, last, "closed", "silent" or "no retry".

The client is the least that RFC 8446 allows: TLS_AES_128_GCM_SHA256, three groups, and it believes any certificate.
"""
import argparse
import hashlib
import hmac
import os
import socket
import struct
import sys

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from raw import encode, split  # noqa: E402

ALERT, HANDSHAKE, APPLICATION = 21, 22, 23
CLIENT_HELLO, CERTIFICATE, REQUEST, FINISHED = 1, 11, 13, 20
SUPPORTED_GROUPS, SIGNATURES, MASTER_SECRET, PRE_SHARED_KEY, SUPPORTED_VERSIONS, KEY_SHARE = 10, 13, 23, 41, 43, 51
RENEGOTIATION = 0xFF01
SUITE, OLD_SUITES = 0x1301, bytes.fromhex("c02bc02c")  # the old ones are of TLS 1.2, with ECDSA
RETRY = hashlib.sha256(b"HelloRetryRequest").digest()  # in place of the server's random (RFC 8446 4.1.3)
CURVES = {0x17: ec.SECP256R1(), 0x18: ec.SECP384R1()}
X25519 = 0x1D


def vector(width, octets):
    return len(octets).to_bytes(width, "big") + octets


def message(kind, body):
    return bytes([kind]) + vector(3, body)


class Reader:
    def __init__(self, octets):
        self.left = octets

    def take(self, n):
        got, self.left = self.left[:n], self.left[n:]
        if len(got) < n:
            raise ValueError("too short")
        return got

    def number(self, width):
        return int.from_bytes(self.take(width), "big")

    def vector(self, width):
        return self.take(self.number(width))

    def extensions(self):
        inner, found = Reader(self.vector(2)), {}
        while inner.left:
            kind = inner.number(2)
            found[kind] = inner.vector(2)
        return found


class Share:
    """A key of the client for one group (RFC 8446 4.2.8)."""

    def __init__(self, group):
        self.group = group
        self.key = x25519.X25519PrivateKey.generate() if group == X25519 else ec.generate_private_key(CURVES[group])

    def public(self):
        if self.group == X25519:
            return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def secret(self, other):
        if self.group == X25519:
            return self.key.exchange(x25519.X25519PublicKey.from_public_bytes(other))
        return self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVES[self.group], other))


# The key schedule (RFC 8446 7.1)

def extract(salt, secret):
    return hmac.new(salt, secret, "sha256").digest()


def expand(secret, label, context, n):
    info = struct.pack("!H", n) + vector(1, b"tls13 " + label) + vector(1, context)
    return hmac.new(secret, info + b"\1", "sha256").digest()[:n]


def derive(secret, label, transcript):
    return expand(secret, label, hashlib.sha256(transcript).digest(), 32)


class Keys:
    """One direction of protected records."""

    def __init__(self, secret):
        self.secret, self.n = secret, 0
        self.aead, self.iv = AESGCM(expand(secret, b"key", b"", 16)), expand(secret, b"iv", b"", 12)

    def nonce(self):
        nonce = (int.from_bytes(self.iv, "big") ^ self.n).to_bytes(12, "big")
        self.n += 1
        return nonce

    def seal(self, kind, octets):
        head = struct.pack("!BHH", APPLICATION, 0x0303, len(octets) + 1 + 16)
        return head + self.aead.encrypt(self.nonce(), octets + bytes([kind]), head)

    def open(self, head, octets):
        inner = self.aead.decrypt(self.nonce(), octets, head).rstrip(b"\0")
        return inner[-1], inner[:-1]

    def finished(self, transcript):
        key = expand(self.secret, b"finished", b"", 32)
        return message(FINISHED, hmac.new(key, hashlib.sha256(transcript).digest(), "sha256").digest())


class Over(Exception):
    """The connection is: how, in a word."""


class Link:
    """Records, and the handshake messages in them."""

    def __init__(self, where, seconds):
        self.socket = socket.create_connection(split(where), timeout=seconds)
        self.tx = self.rx = None
        self.came, self.handshake = b"", b""

    def send(self, kind, octets):
        record = self.tx.seal(kind, octets) if self.tx else struct.pack("!BHH", kind, 0x0303, len(octets)) + octets
        try:
            self.socket.sendall(record)
        except ConnectionError:
            pass  # why is still to be read

    def octets(self, n):
        while len(self.came) < n:
            try:
                got = self.socket.recv(65536)
            except ConnectionError:
                got = b""
            except socket.timeout:
                raise Over("silent") from None
            if not got:
                raise Over("closed")
            self.came += got
        got, self.came = self.came[:n], self.came[n:]
        return got

    def record(self):
        while True:
            head = self.octets(5)
            kind, _, n = struct.unpack("!BHH", head)
            octets = self.octets(n)
            if kind == APPLICATION and self.rx:
                kind, octets = self.rx.open(head, octets)
            if kind == ALERT:
                say(f"alert {octets[1]}")
            elif kind in (HANDSHAKE, APPLICATION):
                return kind, octets

    def next(self):
        """The next handshake message: its type, its body, and all of it."""
        while len(self.handshake) < 4 or len(self.handshake) < 4 + int.from_bytes(self.handshake[1:4], "big"):
            self.handshake += self.record()[1]
        size = 4 + int.from_bytes(self.handshake[1:4], "big")
        whole, self.handshake = self.handshake[:size], self.handshake[size:]
        return whole[0], whole[4:], whole


def say(line):
    print(line, flush=True)


def server_hello(body):
    """Its version, its random, its extensions."""
    reader = Reader(body)
    version = reader.number(2)
    random = reader.take(32)
    reader.vector(1)
    if reader.number(2) != SUITE and version == 0x0304:
        raise ValueError("another cipher suite")
    reader.number(1)
    extensions = reader.extensions() if reader.left else {}
    chosen = int.from_bytes(extensions.get(SUPPORTED_VERSIONS, struct.pack("!H", version)), "big")
    return chosen, random, extensions


def second_hello(first, share, how):
    """The ClientHello @first with a share for the group that was asked for, and something else changed."""
    reader = Reader(first[4:])
    begin = reader.take(2 + 32) + vector(1, reader.vector(1))
    suites, compression = reader.vector(2), reader.vector(1)
    extensions = reader.extensions()
    key = extensions.pop(PRE_SHARED_KEY)
    extensions[KEY_SHARE] = vector(2, struct.pack("!H", share.group) + vector(2, share.public()))
    if how == "old":
        suites = OLD_SUITES
        extensions = {kind: extensions[kind] for kind in (SUPPORTED_GROUPS, SIGNATURES) if kind in extensions}
        extensions |= {MASTER_SECRET: b"", RENEGOTIATION: b"\0"}
    if how == "keep":
        extensions[PRE_SHARED_KEY] = key  # the last one, as it must be
    body = b"".join(struct.pack("!H", kind) + vector(2, value) for kind, value in extensions.items())
    return message(CLIENT_HELLO, begin + vector(2, suites) + vector(1, compression) + vector(2, body))


def shake(link, first, how):
    """Both hellos, and what follows, up to the keys for data."""
    link.send(HANDSHAKE, first)
    _, body, retry = link.next()
    _, random, extensions = server_hello(body)
    if random != RETRY:
        raise Over("no retry")
    group = int.from_bytes(extensions[KEY_SHARE], "big")
    say(f"retry 0x{group:04x}")
    share = Share(group)
    second = second_hello(first, share, how)
    link.send(HANDSHAKE, second)
    _, body, hello = link.next()
    version, _, extensions = server_hello(body)
    say(f"hello 0x{version:04x}")
    if version != 0x0304:
        return
    say("key" if PRE_SHARED_KEY in extensions else "certificate")
    reader = Reader(extensions[KEY_SHARE])
    reader.number(2)
    transcript = message(254, hashlib.sha256(first).digest()) + retry + second + hello  # RFC 8446 4.4.1
    early = extract(bytes(32), bytes(32))
    secret = extract(derive(early, b"derived", b""), share.secret(reader.vector(2)))
    master = extract(derive(secret, b"derived", b""), bytes(32))
    mine = Keys(derive(secret, b"c hs traffic", transcript))
    link.rx = Keys(derive(secret, b"s hs traffic", transcript))
    asked, kind = False, 0
    while kind != FINISHED:
        kind, _, whole = link.next()
        asked = asked or kind == REQUEST
        transcript += whole
    data = derive(master, b"c ap traffic", transcript), derive(master, b"s ap traffic", transcript)
    link.tx = mine
    if asked:  # of a user, and there is none to show
        none = message(CERTIFICATE, vector(1, b"") + vector(3, b""))
        transcript += none
        link.send(HANDSHAKE, none)
    link.send(HANDSHAKE, mine.finished(transcript))
    link.tx, link.rx = (Keys(key) for key in data)
    say("finished")


def replay(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--second", choices=["drop", "keep", "old"], default="drop")
    parser.add_argument("--wait", type=float, default=5)
    parser.add_argument("file")
    parser.add_argument("where")
    parser.add_argument("message", nargs="*")
    given = parser.parse_args(arguments)
    with open(given.file, "rb") as file:
        first = file.read()
    link = Link(given.where, given.wait)
    try:
        shake(link, first, given.second)
        for text in given.message:
            link.send(APPLICATION, encode(text))
        while True:
            kind, octets = link.record()
            say(octets.hex() if kind == APPLICATION else "handshake")
    except Over as how:
        say(str(how))


def record(arguments):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        say(f"127.0.0.1:{listener.getsockname()[1]}")
        listener.settimeout(20)
        with listener.accept()[0] as link:
            link.settimeout(20)
            came = b""
            while len(came) < 9 or len(came) < 5 + int.from_bytes(came[3:5], "big"):
                got = link.recv(65536)
                if not got:
                    sys.exit("hello.py: closed before a whole ClientHello")
                came += got
    if came[0] != HANDSHAKE or came[5] != CLIENT_HELLO:
        sys.exit("hello.py: this is no ClientHello")
    with open(arguments[0], "wb") as file:
        file.write(came[5:5 + int.from_bytes(came[3:5], "big")])
    say("recorded")


if __name__ == "__main__":
    {"record": record, "replay": replay}[sys.argv[1]](sys.argv[2:])
