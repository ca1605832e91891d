#!/usr/bin/python3
"""Say to a registrar what our own tools never would: messages made by hand, over plain TCP or over openssl's TLS.

raw.py exchange [--psk IDENTITY:HEX | --ca FILE] [--openssl=OPTIONS] [--wait SECONDS] ADDR:PORT MESSAGE...
    Send the messages; print each answer as a line of hex, and "closed" if the other side closed. Ends when there are as many
    answers as messages. --openssl has more options for openssl s_client, with blanks between them.
raw.py element --psk IDENTITY:HEX ADDR:PORT POOL PE_ID PORT
    Hold an element that sends no EPOCH, as those of rsplib: register it, acknowledge each keep-alive, and print each answer:
    "registered", "refused CAUSE", "asked", "gone CAUSE", "closed". Registers again after "asked".
raw.py hold N ADDR:PORT HEX
    Open N plain connections, send HEX on each, print "held", keep them until stdin ends.
raw.py shout ADDR:PORT MESSAGE...
    Send each message as a datagram.
raw.py invent COUNT ADDR:PORT
    Send COUNT announcements of registrars that do not exist, each at another address of 127.0.0.0/8.
raw.py noise SEED COUNT ADDR:PORT
    Send COUNT datagrams of random octets, of 0 to 3000.
raw.py hear COUNT
    Listen for datagrams at a port of 127.0.0.1 that is printed first; print COUNT of them, each a line of hex.
raw.py poll [--ca FILE] [--watch] ADDR:PORT POOL FILE
    Ask for POOL over and over, on one connection and on another one when that is closed, until TERM comes. Write to FILE
    each answer that is not what the last one was: "MS ok ID@HOME…", "MS no CAUSE", "MS closed" or "MS silent", where MS is
    the time. With --watch ask once for each connection, and to be told of changes (RFC 5352 2.2.5).
raw.py flood SEED COUNT ADDR:PORT
    Send random octets over COUNT plain connections, one after the other.

MESSAGE: register:POOL:PE_ID:IP:PORT[:HOME_ID] | deregister:POOL:PE_ID | resolve:POOL | unreachable:POOL:PE_ID |
    opaque:POOL:PE_ID:TEXT | announce:SERVER_ID:IP:PORT | hex:OCTETS
    (an IPv6 address with _ for each colon)
ENRP, each with :SENDER:RECEIVER first: presence[:SERVER_ID] | list | listed:SERVER_ID | table |
tabled:POOL:PE_ID:HOME_ID | add:POOL:PE_ID:HOME_ID[:OWNER] | delete:POOL:PE_ID:HOME_ID | init:TARGET | ack:TARGET |
takeover:TARGET
"""
import argparse
import ipaddress
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import time


def tlv(kind, value):
    return struct.pack("!HH", kind, 4 + len(value)) + value


def pad(octets):
    return octets + bytes(-len(octets) % 4)


def message(kind, *parameters):
    body = b"".join(pad(p) for p in parameters[:-1]) + parameters[-1]
    return pad(struct.pack("!BBH", kind, 0, 4 + len(body)) + body)


def transport(ip, port):
    address = ipaddress.ip_address(ip.replace("_", ":"))
    where = tlv(1 if address.version == 4 else 2, address.packed)
    return tlv(5, struct.pack("!HH", int(port), 0) + where)  # TCP


def element(pe_id, ip, port, home=0, owner=""):
    policy = tlv(8, struct.pack("!I", 1))  # round robin
    if owner:
        policy += tlv(0xBF01, owner.encode())
    return tlv(0xA, struct.pack("!IIi", int(pe_id, 0), home, 300) + transport(ip, port) + policy)


def announcement(server_id, ip, port):
    octets = struct.pack("!I", server_id) + transport(ip, port)
    return struct.pack("!BBH", 0xA, 0, 4 + len(octets)) + octets


def server_info(server_id):
    return tlv(0xB, struct.pack("!I", server_id) + transport("127.0.0.1", 9))


def enrp(kind, part):
    """An ENRP message (RFC 5353 2), or None."""
    flags, fixed, parameters = 0, b"", []
    number = [int(p, 0) if p[:1].isdigit() else p for p in part]
    if kind == "presence":
        flags, parameters = 1, [tlv(0xF, b"\xff\xff")]
        parameters += [server_info(n) for n in number[2:]]
    elif kind == "listed":
        parameters = [server_info(number[2])]
    elif kind in ("tabled", "add", "delete"):
        parameters = [tlv(9, part[2].encode()), element(part[3], "127.0.0.1", 80, number[4], "".join(part[5:]))]
        fixed = b"" if kind == "tabled" else struct.pack("!HH", kind == "delete", 0)
    elif kind in ("init", "ack", "takeover"):
        fixed = struct.pack("!I", number[2])
    elif kind not in ("list", "table"):
        return None
    code = {"presence": 1, "table": 2, "tabled": 3, "add": 4, "delete": 4, "list": 5, "listed": 6,
            "init": 7, "ack": 8, "takeover": 9}[kind]
    body = struct.pack("!II", number[0], number[1]) + fixed
    body += b"".join(pad(p) for p in parameters[:-1]) + (parameters[-1] if parameters else b"")
    return pad(struct.pack("!BBH", code, flags, 4 + len(body)) + body)


def encode(text):
    kind, _, rest = text.partition(":")
    if kind == "hex":
        return bytes.fromhex(rest)
    part = rest.split(":")
    if kind == "announce":
        return announcement(int(part[0], 0), part[1], int(part[2]))
    handle = tlv(9, part[0].encode())
    if kind == "register":
        home = int(part[4], 0) if len(part) > 4 else 0
        return message(1, handle, element(part[1], part[2], part[3], home))
    if kind == "opaque":
        where = tlv(0x10, part[2].encode())
        return message(1, handle, tlv(0xA, struct.pack("!IIi", int(part[1], 0), 0, 300) + pad(where) +
                                      tlv(8, struct.pack("!I", 1))))
    if kind == "deregister":
        return message(2, handle, tlv(0xE, struct.pack("!I", int(part[1], 0))))
    if kind == "resolve":
        return message(5, handle)
    if kind == "unreachable":
        return message(9, handle, tlv(0xE, struct.pack("!I", int(part[1], 0))))
    return enrp(kind, part) or sys.exit(f"raw.py: no message {text!r}")


def split(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Plain:
    def __init__(self, where):
        self.socket = socket.create_connection(split(where), timeout=10)

    def send(self, octets):
        self.socket.sendall(octets)

    def receive(self, seconds):
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        try:
            return self.socket.recv(65536)
        except ConnectionError:
            return b""

    def close(self):
        self.socket.close()


class Tls:
    def __init__(self, where, options):
        self.process = subprocess.Popen(
            ["openssl", "s_client", "-connect", where, "-tls1_3", "-quiet", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)

    def send(self, octets):
        try:
            self.process.stdin.write(octets)
        except BrokenPipeError:
            pass

    def receive(self, seconds):
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            return None
        return self.process.stdout.read(65536)

    def close(self):
        self.process.kill()
        self.process.wait()


def exchange(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--psk")
    parser.add_argument("--ca")
    parser.add_argument("--openssl", default="")
    parser.add_argument("--wait", type=float, default=5)
    parser.add_argument("where")
    parser.add_argument("message", nargs="+")
    given = parser.parse_args(arguments)
    more = given.openssl.split()
    if given.psk:
        identity, key = given.psk.rsplit(":", 1)
        link = Tls(given.where, ["-psk_identity", identity, "-psk", key, "-ciphersuites", "TLS_AES_128_GCM_SHA256", *more])
    elif given.ca:
        link = Tls(given.where, ["-CAfile", given.ca, "-verify_return_error", *more])
    else:
        link = Plain(given.where)
    for text in given.message:
        link.send(encode(text))
    came, answers, end = b"", 0, time.monotonic() + given.wait
    while answers < len(given.message) and time.monotonic() < end:
        octets = link.receive(end - time.monotonic())
        if octets is None:
            break
        if not octets:
            print("closed")
            break
        came += octets
        while len(came) >= 4:
            size = struct.unpack("!H", came[2:4])[0]
            size += -size % 4
            if len(came) < size:
                break
            if came[0] != 7:  # keep-alives answer nothing
                print(came[:size].hex(), flush=True)
                answers += 1
            came = came[size:]
    link.close()


def parameters(octets):
    while len(octets) >= 4:
        kind, size = struct.unpack("!HH", octets[:4])
        yield kind, octets[4:size]
        octets = octets[size + -size % 4:]


def cause_of(octets):
    return next((struct.unpack("!H", value[:2])[0] for kind, value in parameters(octets) if kind == 0xC), 0)


def element_without_epoch(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--psk", required=True)
    parser.add_argument("where")
    parser.add_argument("pool")
    parser.add_argument("pe_id")
    parser.add_argument("port")
    given = parser.parse_args(arguments)
    identity, key = given.psk.rsplit(":", 1)
    link = Tls(given.where, ["-psk_identity", identity, "-psk", key, "-ciphersuites", "TLS_AES_128_GCM_SHA256"])
    registration = encode(f"register:{given.pool}:{given.pe_id}:127.0.0.1:{given.port}")
    which = tlv(9, given.pool.encode()), tlv(0xE, struct.pack("!I", int(given.pe_id, 0)))
    signal.signal(signal.SIGTERM, lambda *_: (link.close(), sys.exit(0)))
    link.send(registration)
    came = b""
    while octets := link.process.stdout.read(65536):
        came += octets
        while len(came) >= 4 and len(came) >= (size := struct.unpack("!H", came[2:4])[0] + 3 & ~3):
            answer, came = came[:size], came[size:]
            cause = "0x%04x" % cause_of(answer[4:])
            if answer[0] == 7:
                link.send(message(8, *which))
                link.send(registration)
            print({3: f"refused {cause}" if answer[1] else "registered", 4: f"gone {cause}", 7: "asked"}[answer[0]],
                  flush=True)
    print("closed", flush=True)


def tell(answer):
    """A HANDLE_RESOLUTION_RESPONSE, in words."""
    found, cause = [], 0
    for kind, value in parameters(answer[4:]):
        if kind == 0xA:
            found.append("0x%08x@0x%08x" % struct.unpack("!II", value[:8]))
        elif kind == 0xC:
            cause = struct.unpack("!H", value[:2])[0]
    return f"no 0x{cause:04x}" if cause else " ".join(["ok", *sorted(found)])


def ask(link, question, again):
    """What is answered to @question over @link, in words, until it is closed."""
    came = b""
    link.send(question)
    while (octets := link.receive(2)) != b"":
        if octets is None and again:
            yield "silent"
        came += octets or b""
        while len(came) >= 4 and len(came) >= (size := struct.unpack("!H", came[2:4])[0] + 3 & ~3):
            answer, came = came[:size], came[size:]
            if answer[0] == 6:
                yield tell(answer)
            if answer[0] == 6 and again:
                time.sleep(0.005)
                link.send(question)
    yield "closed"


def poll(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--ca")
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("where")
    parser.add_argument("pool")
    parser.add_argument("file")
    given = parser.parse_args(arguments)
    tls = ["-CAfile", given.ca, "-verify_return_error"]
    body = pad(tlv(9, given.pool.encode())) + tlv(0x803F, struct.pack("!I", 1000))  # so many at most
    question = struct.pack("!BBH", 5, 1 if given.watch else 0, 4 + len(body)) + body
    last = None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with open(given.file, "w", buffering=1, encoding="ascii") as log:
        while True:
            link = Tls(given.where, tls) if given.ca else Plain(given.where)
            try:
                for answer in ask(link, question, not given.watch):
                    if answer != last:
                        log.write(f"{time.time_ns() // 1000000} {answer}\n")
                    last = answer
            finally:
                link.close()
            time.sleep(0.02)


def hold(arguments):
    held = []
    for _ in range(int(arguments[0])):
        link = Plain(arguments[1])
        if arguments[2]:
            link.send(bytes.fromhex(arguments[2]))
        held.append(link)
    print("held", flush=True)
    sys.stdin.read()


def flood(arguments):
    source = random.Random(int(arguments[0]))
    for _ in range(int(arguments[1])):
        try:
            link = Plain(arguments[2])
            link.send(source.randbytes(source.randrange(1, 3000)))
            link.close()
        except ConnectionError:
            pass
    print("flooded")


def shout(arguments):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for text in arguments[1:]:
            udp.sendto(encode(text), split(arguments[0]))


def invent(arguments):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for i in range(1, int(arguments[0]) + 1):
            ip = f"127.{1 + i // 65536}.{i // 256 % 256}.{i % 256}"
            udp.sendto(announcement(i, ip, 1), split(arguments[1]))
    print("invented")


def noise(arguments):
    source = random.Random(int(arguments[0]))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for _ in range(int(arguments[1])):
            udp.sendto(source.randbytes(source.randrange(0, 3000)), split(arguments[2]))
    print("made")


def hear(arguments):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        print(udp.getsockname()[1], flush=True)
        for _ in range(int(arguments[0])):
            print(udp.recv(65536).hex(), flush=True)


VERBS = {"element": element_without_epoch, "exchange": exchange, "hold": hold, "poll": poll, "flood": flood, "shout": shout, "invent": invent, "noise": noise,
         "hear": hear}
if __name__ == "__main__":
    VERBS[sys.argv[1]](sys.argv[2:])
