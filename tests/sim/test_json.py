#!/usr/bin/env python3
"""Whether each record of the simulator is as its schema says: those of runs that hold, of one that does not, and the sums
over all runs. Prints TAP."""

import glob
import json
import os
import subprocess
import sys

import jsonschema

SOURCE = os.environ.get("RSP_SRCDIR", ".")
SIMULATOR = os.path.join(os.environ.get("RSP_BUILDDIR", "build"), "rsp-sim")


def load_validators():
    found = {}
    for path in glob.glob(os.path.join(SOURCE, "tests", "sim", "*.schema.json")):
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft7Validator.check_schema(schema)
        found[schema["$id"].removeprefix("urn:schema:")] = jsonschema.Draft7Validator(schema)
    return found


def records_of(*options):
    """All records of a run with these options; lines that begin with # are for people."""
    out = subprocess.run([SIMULATOR, *options], stdout=subprocess.PIPE, text=True, check=False).stdout
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def problems_of(record, validators):
    validator = validators.get(record.get("schema"))
    if not validator:
        return [f"no schema {record.get('schema')!r}"]
    return [error.message[:300] for error in validator.iter_errors(record)]


def main():
    validators = load_validators()
    runs = records_of("--seeds", "1-12", "--keep-going")
    stopped = records_of("--seed", "1", "--stop-at", "1000")
    seen = {record["schema"] for record in runs}
    tests = [
        ("the records of twelve runs are as their schemas say", [p for r in runs for p in problems_of(r, validators)]),
        ("the record of a run that does not hold is as its schema says",
         [p for r in stopped for p in problems_of(r, validators)] +
         ([] if [r["ok"] for r in stopped] == [False] else ["there is no such record"])),
        ("each schema has a record", sorted(set(validators) - seen)),
    ]
    for number, (name, problems) in enumerate(tests, 1):
        print(f"{'not ' if problems else ''}ok {number} - {name}")
        for problem in problems[:20]:
            print(f"# {problem}")
    print(f"1..{len(tests)}")
    return any(problems for _, problems in tests)


sys.exit(main())
