#!/usr/bin/python3
"""silent.py FILE ADDR:PORT...: servers that take connections and say nothing, as a stopped process does.

Port 0 lets the kernel choose. FILE gets their addresses, one a line, once they listen."""
import os
import signal
import socket
import sys


def main():
    servers = []
    for spec in sys.argv[2:]:
        address, port = spec.rsplit(":", 1)
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, int(port)))
        server.listen(64)
        servers.append(server)
    with open(sys.argv[1] + ".new", "w", encoding="ascii") as out:
        for server in servers:
            out.write("%s:%d\n" % server.getsockname())
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    signal.pause()


main()
