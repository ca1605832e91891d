#!/usr/bin/env python3
"""Count words in comments that leave the reader to guess who acts: who, whoever, nobody, somebody, anybody, he.

A registrar, an element, a user, a peer or a connection has a name, and each of them is "it". "the user who" is plain
English and not counted, nor is "whose" behind a noun. The sentences that name the tests count like comments. Prints TAP:
one test, which fails above MAXIMUM, and the counts of each room. `words.py -l [PATH...]` lists the places, of files whose path begins so.
"""

import collections
import os
import re
import sys

sys.dont_write_bytecode = True

from structure import comments_of, sources, text_of

MAXIMUM = 30
NOUNS = ("registrar element user peer client server process program person people operator attacker administrator sender "
         "receiver reader engineer owner claimant mentor home caller those one target side").split()
BARE = re.compile(r"\b(who|whom|whose|whoever|whomever|nobody|somebody|anybody|someone|anyone|no one|no-one|everybody"
                  r"|he|him|his|himself|she|her)\b(?!')", re.I)
BEHIND_NOUN = re.compile(r"\b(" + "|".join(NOUNS) + r")s?,? (to |of |for |from |with |by )?$", re.I)
NO_NOUN = re.compile(r"(^/\*+|[.,;:(]|\b(of|to|from|by|with|for|that|and|or|as|than|is|are))\s*$", re.I)


def has_noun(word, before):
    if word == "whose":
        return not NO_NOUN.search(before)
    return word in ("who", "whom") and BEHIND_NOUN.search(before)


def findings(path):
    """Yield (line, word, sentence) of each word that has no noun before it."""
    text = text_of(path)
    sentences = list(comments_of(text))
    for found in re.finditer(r"TAP_RUN\((\w+)\);", text):
        sentences.append((text.count("\n", 0, found.start()) + 1, found.group(1).replace("_", " ")))
    for line, words in sentences:
        for found in BARE.finditer(words):
            word = found.group(1).lower()
            if not has_noun(word, words[:found.start()]):
                yield line, word, words


def room_of(path):
    parts = os.path.dirname(path).split("/")
    return "/".join(parts[:3] if parts[1:2] == ["engine"] else parts[:2])


def main():
    paths = sources("common/**/*.[ch]", "cmd/**/*.[ch]", "tests/**/*.[ch]")
    if sys.argv[1:2] == ["-l"]:
        for path in paths:
            if not sys.argv[2:] or any(path.startswith(start) for start in sys.argv[2:]):
                for line, word, words in findings(path):
                    print(f"{path}:{line}: {word}: {words}")
        return 0
    rooms = collections.defaultdict(collections.Counter)
    for path in paths:
        rooms[room_of(path)].update(word for _, word, _ in findings(path))
    total = sum(sum(counts.values()) for counts in rooms.values())
    print("1..1")
    print(f"{'not ' if total > MAXIMUM else ''}ok 1 - comments name who acts: {total} times not, of at most {MAXIMUM}")
    for room, counts in sorted(rooms.items()):
        if counts:
            print(f"# {room}: {sum(counts.values())} ({', '.join(f'{word} {n}' for word, n in counts.most_common())})")
    return 1 if total > MAXIMUM else 0


if __name__ == "__main__":
    sys.exit(main())
