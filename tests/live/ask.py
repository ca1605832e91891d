#!/usr/bin/python3
"""A user who asks several registrars for a pool all the time, and notes each answer.

ask.py CA POOL DIR NAME=ADDR:PORT...
    Ask each registrar NAME over one TLS connection at a time, ten times a second, until TERM comes. DIR/NAME.answers gets a
    line for each run of equal answers, when the next one begins: "FIRST LAST ANSWER", where FIRST and LAST are the times of
    the first and the last of them in ms, and ANSWER is "ok ID@HOME…", "no CAUSE", "silent" (for a second) or "closed".
"""
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import raw  # noqa: E402

EVERY = 0.1  # seconds from question to question


class Notes:
    def __init__(self, path):
        self.log = open(path, "w", buffering=1, encoding="ascii")
        self.first = self.last = 0
        self.answer = None
        self.lock = threading.Lock()

    def note(self, answer, asked):
        with self.lock:
            begins = self.answer is None
            if answer != self.answer:
                self.write()
                self.first, self.answer = asked, answer
            self.last = asked
            if begins: # so that all can see that it asks
                self.write()

    def write(self):
        if self.answer:
            self.log.write(f"{self.first} {self.last} {self.answer}\n")


def now():
    return time.time_ns() // 1000000


def receive(link):
    """One message, or b"" when the other side has closed."""
    came = b""
    while len(came) < 4 or len(came) < (struct.unpack("!H", came[2:4])[0] + 3 & ~3):
        octets = link.recv(65536)
        if not octets:
            return b""
        came += octets
    return came


def ask(link, question, notes):
    while True:
        asked = now()
        link.sendall(question)
        answer = receive(link)
        if not answer:
            return
        if answer[0] == 6:
            notes.note(raw.tell(answer), asked)
        time.sleep(EVERY)


def ask_for_ever(where, context, question, notes):
    while True:
        try:
            with socket.create_connection(where, timeout=1) as tcp, context.wrap_socket(tcp) as link:
                ask(link, question, notes)
            notes.note("closed", now())
        except TimeoutError:
            notes.note("silent", now())
        except OSError:
            notes.note("closed", now())
        time.sleep(EVERY / 2)


def main():
    ca, pool, directory = sys.argv[1:4]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    context.check_hostname = False
    question = raw.message(5, raw.tlv(9, pool.encode()), raw.tlv(0x803F, struct.pack("!I", 1000)))  # so many at most
    everyone = []
    for text in sys.argv[4:]:
        name, _, where = text.partition("=")
        everyone.append(Notes(os.path.join(directory, name + ".answers")))
        threading.Thread(target=ask_for_ever, args=(raw.split(where), context, question, everyone[-1]), daemon=True).start()
    signal.sigwait({signal.SIGTERM})
    for notes in everyone:
        with notes.lock:
            notes.write()
            notes.log.flush()
            os.fsync(notes.log.fileno())
    os._exit(0)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main()
