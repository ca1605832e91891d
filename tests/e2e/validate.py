#!/usr/bin/python3
"""Check that each line of the files named is a JSON record that its schema (cmd/schema) allows. Prints what is not.

Of lines that differ in nothing but hexadecimal digits the first ALIKE are checked: it takes a millisecond each."""
import collections
import glob
import json
import os
import re
import sys

import jsonschema

SOURCE = os.environ.get("RSP_SRCDIR") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

# An absolute URI: before jsonschema 4.18, references inside a schema whose $id is a relative one lead nowhere.
URI = "urn:schema:"

ALIKE = 200


def load_validators():
    found = {}
    for path in glob.glob(os.path.join(SOURCE, "cmd", "schema", "*.schema.json")):
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft7Validator.check_schema(schema)
        if not schema["$id"].startswith(URI):
            sys.exit(f"{path}: $id does not begin with {URI}")
        found[schema["$id"]] = jsonschema.Draft7Validator(schema)
    return found


def explain(error):
    """The branch of a oneOf that came closest says more than the oneOf itself."""
    best = jsonschema.exceptions.best_match(error.context) if error.context else None
    place = "/".join(str(step) for step in (best or error).absolute_path)
    return f"{place or 'record'}: {(best or error).message[:300]}"


def problems(line, validators):
    def no_duplicates(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a key appears twice")
        return dict(pairs)

    try:
        record = json.loads(line, object_pairs_hook=no_duplicates)
    except ValueError as error:
        return [f"not JSON: {error}"]
    if not isinstance(record, dict):
        return ["not an object"]
    if list(record)[:3] != ["schema", "ts", "ok"]:
        return [f"does not begin with schema, ts, ok but with {list(record)[:3]}"]
    validator = validators.get(f"{URI}{record['schema']}")
    if not validator:
        return [f"no schema {record['schema']!r}"]
    return [explain(error) for error in validator.iter_errors(record)]


def main(paths):
    validators = load_validators()
    bad = 0
    seen = collections.Counter()
    for path in paths:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            for number, line in enumerate(file, 1):
                shape = re.sub("[0-9a-f]", "0", line)
                seen[shape] += 1
                if seen[shape] > ALIKE:
                    continue
                for problem in problems(line, validators):
                    bad += 1
                    print(f"{os.path.basename(path)}:{number}: {problem}\n    {line.strip()[:500]}")
    return 1 if bad else 0


sys.exit(main(sys.argv[1:]))
