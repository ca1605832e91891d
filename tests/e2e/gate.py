#!/usr/bin/python3
"""A gate before a server: gate.py ADDR:PORT FILE

Listen at a port of 127.0.0.1, which is printed first, and pass one connection on to ADDR:PORT. The first flight of the client
goes through; "held" is printed when there is more of it, which waits until FILE exists. Then all goes through.
"""
import os
import select
import socket
import sys
import time

host, _, port = sys.argv[1].rpartition(":")
path = sys.argv[2]
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(1)
print(listener.getsockname()[1], flush=True)
client = listener.accept()[0]
server = socket.create_connection((host, int(port)))
flights = 0
last_from = None
try:
    while True:
        for ready in select.select([client, server], [], [])[0]:
            octets = ready.recv(65536)
            if ready is client and last_from is not client:
                flights += 1
            if ready is client and flights == 2 and not os.path.exists(path):
                print("held", flush=True)
                while not os.path.exists(path):
                    time.sleep(0.02)
            last_from = ready
            if not octets:
                sys.exit()
            (server if ready is client else client).sendall(octets)
except ConnectionError:
    pass  # one side has closed
