#!/usr/bin/env python3
"""Whether each mistake of tests/mutation/mistakes.txt still fits the source: its lines stand there once. Prints TAP."""

import os
import sys

sys.dont_write_bytecode = True
SOURCE = os.environ.get("RSP_SRCDIR", ".")
sys.path.insert(0, os.path.join(SOURCE, "tests", "mutation"))

import seeded  # pylint: disable=wrong-import-position


def main():
    mistakes, wrong = seeded.read_mistakes(SOURCE)
    for line in wrong:
        print(f"# {line}")
    print(f"{'not ' if wrong else ''}ok 1 - {len(mistakes)} seeded mistakes fit the source\n1..1")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
