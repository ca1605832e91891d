#!/usr/bin/python3
"""names.py FILE [NAME=ADDR,ADDR...]: a name server that answers for these names only, and for all others never.

It listens on 127.0.0.1 and a port that the kernel chooses, and writes "127.0.0.1:PORT" to FILE when it does. Each name that it is asked for is a line of FILE.asked."""
import os
import socket
import struct
import sys


def question(query):
    """The name asked for, its type, and where the question ends."""
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels), struct.unpack_from("!H", query, at + 1)[0], at + 5


def main():
    names = {}
    for spec in sys.argv[2:]:
        name, addresses = spec.split("=")
        names[name] = [socket.inet_aton(address) for address in addresses.split(",")]
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    with open(sys.argv[1] + ".new", "w", encoding="ascii") as out:
        out.write("127.0.0.1:%d\n" % server.getsockname()[1])
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    while True:
        query, whence = server.recvfrom(4096)
        name, kind, end = question(query)
        with open(sys.argv[1] + ".asked", "a", encoding="ascii") as out:
            out.write(name + "\n")
        if name not in names:
            continue
        found = names[name] if kind == 1 else []  # A; of other types there is nothing
        answer = query[:2] + struct.pack("!HHHHH", 0x8180, 1, len(found), 0, 0) + query[12:end]
        for address in found:
            answer += struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + address
        server.sendto(answer, whence)


main()
