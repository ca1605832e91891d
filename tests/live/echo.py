#!/usr/bin/python3
"""echo.py: answer each datagram with itself, and print {"heard":N} after each. echo.py IP: send 200 of them to the one at IP;
print how many came back in order, and how long the last of them took, in ms: "N MS". Ends a second after the last."""
import socket
import sys
import time

PORT, COUNT = 7000, 200


def answer():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("", PORT))
        heard = 0
        while True:
            print(f'{{"heard":{heard}}}', flush=True)
            octets, sender = udp.recvfrom(2048)
            heard += 1
            udp.sendto(octets, sender)


def send(ip):
    last, took, came = -1, 0, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(1)
        for number in range(COUNT):
            udp.sendto(b"%d %d" % (number, time.monotonic_ns()), (ip, PORT))
            time.sleep(0.001)
        try:
            while came < COUNT:
                number, sent = map(int, udp.recv(2048).split())
                came, last, took = came + (number > last), number, (time.monotonic_ns() - sent) // 1000000
        except TimeoutError:
            pass
    print(came, took)


if sys.argv[1:]:
    send(sys.argv[1])
else:
    answer()
