#!/usr/bin/python3
"""Floods of a registrar, bounded, and the honest users that it must serve meanwhile.

All but measure write to stderr.

floods.py proxy RTT_MS FROM ADDR:PORT
    A delaying proxy: listens at a port of 127.0.0.1 that is printed; what comes there goes on to ADDR:PORT from the
    address FROM, half of RTT_MS later, and answers half of RTT_MS later back.
floods.py measure SECONDS N COMMAND...
    N clients at a time run COMMAND again and again. Prints {"n": runs, "failed": runs, "p99_ms": time}.
floods.py handshakes PER_S COUNT SOURCES ADDR:PORT
    Open COUNT connections, PER_S a second, from SOURCES addresses by turns; begin a handshake on each, and let it be. Tells
    how many were closed. Holds the others until TERM comes.
floods.py crowd KIND N SOURCES ADDR:PORT [CA]
    Open N connections, as users by TLS if there is a CA, else in plain text. KIND idle: say nothing; unread: ask 200 times for
    all of the pool "big", and read nothing; half: send all but the end of a message of 64 KiB. Print "crowded", and hold them
    until TERM comes.
floods.py reports PER_S SOURCES ADDR:PORT CA POOL PE_ID
    As users of SOURCES addresses, report that the element cannot be reached, PER_S times a second, until TERM comes. Print
    "reporting" first.
floods.py noise COUNT FROM ADDR:PORT
    Open COUNT connections from the address FROM, one after the other, and send what is no TLS on each.
floods.py probe COUNT ADDR:PORT
    As load balancers do: open COUNT connections, and close each without an octet, every other one by a reset.
"""
import asyncio
import json
import resource
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time


def split(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def say(text):
    print(text, file=sys.stderr, flush=True)


def source(k):
    return f"127.0.{10 + k // 250}.{1 + k % 250}"


def dial(where, come_from, timeout=10):
    link = socket.socket()
    link.settimeout(timeout)
    link.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24), 1)
    link.bind((come_from, 0))
    link.connect(where)
    return link


async def forward(reader, writer, delay):
    loop = asyncio.get_running_loop()
    last = 0.0
    try:
        while octets := await reader.read(65536):
            last = loop.time() + delay
            loop.call_at(last, writer.write, octets)
    except ConnectionError:
        pass
    loop.call_at(max(last, loop.time() + delay), writer.close)


async def proxy(rtt_ms, come_from, where):
    delay = float(rtt_ms) / 2000

    async def accept(reader, writer):
        try:
            there = await asyncio.open_connection(*split(where), local_addr=(come_from, 0))
        except OSError:
            writer.close()
            return
        await asyncio.gather(forward(reader, there[1], delay), forward(there[0], writer, delay))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    say("%s:%d" % server.sockets[0].getsockname())
    await server.serve_forever()


def measure(seconds, n, *command):
    end, took, failed = time.monotonic() + float(seconds), [], []

    def client():
        while time.monotonic() < end:
            begin = time.monotonic()
            status = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
            took.append((time.monotonic() - begin) * 1000)
            if status:
                failed.append(status)

    clients = [threading.Thread(target=client) for _ in range(int(n))]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    took.sort()
    print(json.dumps({"n": len(took), "failed": len(failed), "p99_ms": round(took[(len(took) * 99 + 99) // 100 - 1])}))


def handshakes(per_s, count, sources, where):
    per_s, count, sources, begin, held, opened = int(per_s), int(count), int(sources), time.monotonic(), {}, 0
    closed = 0
    end = select.epoll()
    where = split(where)
    while opened < count:
        due = min(count, int((time.monotonic() - begin) * per_s))
        while opened < due:
            try:
                link = dial(where, source(opened % sources), 1)
                link.sendall(b"\x16\x03\x01")
                held[link.fileno()] = link
                end.register(link, select.EPOLLRDHUP | select.EPOLLHUP)
            except OSError:
                pass
            opened += 1
        for fd, _ in end.poll(0.002):
            end.unregister(fd)
            held.pop(fd).close()
            closed += 1
            if closed % 10 == 0:
                say(closed)
    signal.pause()


def tlv(kind, value):
    return struct.pack("!HH", kind, 4 + len(value)) + value


def crowd(kind, n, sources, where, ca=None):
    context = ssl.create_default_context(cafile=ca) if ca else None
    if context:
        context.check_hostname = False
    question = tlv(9, b"big") + b"\0" + tlv(0x803F, struct.pack("!I", 1000))
    said = {"idle": b"", "unread": 200 * (struct.pack("!BBH", 5, 0, 4 + len(question)) + question),
            "half": struct.pack("!BBH", 5, 0, 65532) + bytes(65000)}[kind]
    held = []
    for k in range(int(n)):
        try:
            link = dial(split(where), source(k % int(sources)))
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            if context:
                link = context.wrap_socket(link)
            held.append(link)
            if said:
                link.sendall(said)
        except OSError:  # closed, as is right where it is too much
            pass
    say("crowded")
    signal.pause()


def reports(per_s, sources, where, ca, pool, pe_id):
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False
    handle = tlv(9, pool.encode())
    body = handle + bytes(-len(handle) % 4) + tlv(14, struct.pack("!I", int(pe_id, 0)))
    links = [context.wrap_socket(dial(split(where), source(k))) for k in range(int(sources))]
    say("reporting")
    while True:
        for link in links:
            link.sendall(struct.pack("!BBH", 9, 0, 4 + len(body)) + body)
            time.sleep(1 / int(per_s))


def noise(count, come_from, where):
    for _ in range(int(count)):
        with dial(split(where), come_from) as link:
            try:
                link.sendall(b"GET / HTTP/1.0\r\n\r\n")
                link.recv(1)
            except OSError:
                pass
    say("made")


def probe(count, where):
    for k in range(int(count)):
        link = dial(split(where), "127.0.0.1")
        if k % 2:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        link.close()
    say("probed")


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if sys.argv[1] == "proxy":
        asyncio.run(proxy(*sys.argv[2:]))
    else:
        {"measure": measure, "handshakes": handshakes, "crowd": crowd, "reports": reports, "noise": noise,
         "probe": probe}[sys.argv[1]](
            *sys.argv[2:])
