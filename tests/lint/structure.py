#!/usr/bin/env python3
"""The structure of the tree: what may call, include and be named what. Prints TAP: one test a rule.

The objects are read where `make` leaves them (RSP_BUILDDIR), so the tree has to be built. prefixes.tsv lists the files
whose functions do not begin with the name of the file.
"""

import collections
import glob
import os
import re
import subprocess
import sys

ROOT = os.environ.get("RSP_SRCDIR", ".")
BUILD = os.path.abspath(os.environ.get("RSP_BUILDDIR", os.path.join(ROOT, "build")))
HEADER_LINES = 200
SOURCE_LINES = 700
FUNCTION_LINES = 60

# A comment that tells how long an object lives is a contract that the compiler cannot check: settle() frees, nothing else.
LIFETIMES = re.compile(
    r"(may|might|can|could) (then |already |well |now )?(be|have been) (gone|dangling|no more)"
    r"|(may|might|can|could) (then |already |well |now )?have (gone|been freed|been destroyed)"
    r"|(may|might) (then|already|well|now) be (freed|destroyed)"
    r"|(is|are) (gone|no more|freed) (then|by then|afterwards)|(is|are) (gone|no more) (after|when it returns|on return)"
    r"|gone (after|by) this( call)?\b"
    r"|may no longer (exist|be there)|no longer valid (after|then)|may not (exist|be there) any ?more"
    r"|from the front again|(start|begin)s? (again )?from the front"
    r"|must not be (used|touched|looked at) (after|any ?more|then)", re.I)
HOOKS = re.compile(r"RSP_FAULT|RSP_CRASH|RSP_TEST|_for_tests?\b|#\s*if(def)?\b.*\b(TEST|TESTING|UNIT_TEST|FUZZ\w*)\b")


def sources(*patterns):
    found = []
    for pattern in patterns:
        found += glob.glob(os.path.join(ROOT, pattern), recursive=True)
    return sorted(os.path.relpath(path, ROOT) for path in found)


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def comments_of(text):
    """Yield (line, text) of each comment of C source @text; strings are skipped."""
    for found in re.finditer(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', text, re.S):
        if found.group(0)[0] == "/":
            words = re.sub(r"\s*\n\s*\*?\s*", " ", found.group(0))
            yield text.count("\n", 0, found.start()) + 1, words


def code_of(text):
    """@text without strings and comments, with all its line ends."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def includes_of(path):
    return re.findall(r'^#include "([^"]+)"', text_of(path), re.M)


# The objects

def symbols():
    """For each source of common/: the symbols that it defines and those that it needs."""
    defined, needed, missing = {}, {}, []
    for path in sources("common/**/*.c"):
        made = os.path.join(BUILD, path[:-2] + ".o")
        if not os.path.exists(made):
            missing.append(path)
            continue
        said = subprocess.run(["nm", "-P", made], capture_output=True, text=True, check=True).stdout
        fields = [line.split() for line in said.splitlines()]
        defined[path] = {(field[0], field[1]) for field in fields if field[1] in "TDBRCVW"}
        needed[path] = {field[0] for field in fields if field[1] == "U"}
    return defined, needed, missing


def calls():
    """Which file of common/ uses a symbol of which other one."""
    defined, needed, missing = symbols()
    home = {name: path for path, some in defined.items() for name, _ in some}
    return {path: {home[name] for name in some if home.get(name, path) != path} for path, some in needed.items()}, missing


def components(graph):
    """The strongly connected components of more than one node (Tarjan)."""
    index, low, stack, found = {}, {}, [], []
    sys.setrecursionlimit(10000)

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def no_cycles():
    graph, missing = calls()
    bad = [f"{path} has no object: build first" for path in missing]
    for files in components(graph):
        bad.append(f"{len(files)} files in a cycle: {' '.join(files)}")
    return bad


# Sizes

def header_sizes():
    return [f"{path}: {lines} lines" for path in sources("common/**/*.h", "cmd/**/*.h")
            if (lines := text_of(path).count("\n")) > HEADER_LINES]


def source_sizes():
    return [f"{path}: {lines} lines" for path in sources("common/**/*.c", "cmd/**/*.c", "tests/**/*.c", "tests/**/*.h")
            if (lines := text_of(path).count("\n")) > SOURCE_LINES]


def function_sizes():
    """A function begins with its name in the first column and ends with a brace there."""
    bad = []
    for path in sources("common/**/*.c", "cmd/**/*.c"):
        name, began = None, 0
        for number, line in enumerate(code_of(text_of(path)).split("\n"), 1):
            found = re.match(r"([A-Za-z_]\w*)\(", line)
            if found:
                name, began = found.group(1), number
            elif line.startswith("}") and name:
                if number - began + 1 > FUNCTION_LINES:
                    bad.append(f"{path}:{began}: {name}() has {number - began + 1} lines")
                name = None
    return bad


# Names

def struct_names():
    places = collections.defaultdict(list)
    for path in sources("common/**/*.[ch]", "cmd/**/*.[ch]"):
        for found in re.finditer(r"\b(struct|union|enum) (\w+) \{", code_of(text_of(path))):
            places[found.group(2)].append(path)
    return [f"{name}: {' '.join(paths)}" for name, paths in sorted(places.items()) if len(paths) > 1]


def prefix_table():
    """The prefixes of each source of common/: that of its name, or those of prefixes.tsv."""
    table, bad = {}, []
    for number, line in enumerate(text_of("tests/lint/prefixes.tsv").split("\n"), 1):
        if line and not line.startswith("#"):
            path, words = line.split("\t")
            if path in table or not os.path.exists(os.path.join(ROOT, path)):
                bad.append(f"prefixes.tsv:{number}: {path} is not there, or listed before")
            table[path] = words.split()
    for path in sources("common/**/*.c"):
        table.setdefault(path, ["rsp_" + os.path.basename(path)[:-2]])
    owners = collections.defaultdict(list)
    for path, prefixes in table.items():
        for prefix in prefixes:
            owners[prefix].append(path)
    bad += [f"{prefix}: {' '.join(sorted(paths))}" for prefix, paths in sorted(owners.items()) if len(paths) > 1]
    return {prefix: paths[0] for prefix, paths in owners.items()}, bad


def function_names():
    """The longest prefix that a function's name begins with is that of its file. The noun may be a plural."""
    owner, bad = prefix_table()
    defined, _, _ = symbols()
    longest = sorted(owner, key=len, reverse=True)
    for path, some in sorted(defined.items()):
        for name in sorted(name for name, kind in some if kind in "TW" and not name.startswith("__")):
            prefix = next((prefix for prefix in longest if re.match(re.escape(prefix) + "(e?s)?(_|$)", name)), None)
            if prefix is None or owner[prefix] != path:
                bad.append(f"{path}: {name}" + (f" looks as if it were in {owner[prefix]}" if prefix else ""))
    return bad


# Words

def lifetimes():
    return [f"{path}:{line}: {LIFETIMES.search(words).group(0)}" for path in sources("common/**/*.[ch]", "cmd/**/*.[ch]")
            for line, words in comments_of(text_of(path)) if LIFETIMES.search(words)]


def hooks():
    return [f"{path}:{number}: {line.strip()}" for path in sources("common/**/*.[ch]", "cmd/**/*.[ch]")
            for number, line in enumerate(text_of(path).split("\n"), 1) if HOOKS.search(line)]


# Rooms

ROOMS = {  # of the engine: the rooms whose headers a room may include
    "client": {"client"},
    "monitor": {"monitor"},
    "registrar": {"registrar"},
    "enrp": {"registrar", "enrp"},
}
FACE = "common/engine/registrar/registrar.c"
WHOLE = "common/engine/registrar/state.h"  # struct rsp_registrar, of core and ENRP


def rooms():
    bad = []
    for path in sources("common/engine/**/*.[ch]"):
        room = path.split("/")[2]
        for name in includes_of(path):
            found = re.match(r"engine/(\w+)/(\w+\.h)$", name)
            if not found or room not in ROOMS or found.group(1) in ROOMS[room]:
                continue
            if path not in (FACE, WHOLE) or found.group(1) != "enrp":
                bad.append(f"{path} includes {name}")
    return bad


def rooms_above():
    """ENRP calls what the registrar has below it; only the face calls ENRP, and nothing below the face calls the face."""
    graph, _ = calls()
    bad = []
    for path, others in sorted(graph.items()):
        for other in sorted(others):
            below = path.startswith(("common/engine/registrar/", "common/engine/enrp/")) and path != FACE
            if below and (other == FACE or (other.startswith("common/engine/enrp/") and "/registrar/" in path)):
                bad.append(f"{path} calls {other}")
    return bad


def face_headers():
    """core.h is the registrar's inside and enrp.h that of ENRP: one file joins the two. ENRP includes nothing of the face."""
    bad = []
    for path in sources("common/**/*.[ch]", "cmd/**/*.[ch]"):
        names = {name.removeprefix("engine/") for name in includes_of(path)}
        if path not in (FACE, WHOLE) and "/enrp/" not in path and "enrp/enrp.h" in names:
            bad.append(f"{path} includes enrp.h")
        if path != FACE and "registrar/state.h" in names:
            bad.append(f"{path} includes registrar/state.h")
        if "/enrp/" in path and names & {"registrar/registrar.h", "registrar/state.h"}:
            bad.append(f"{path} includes the registrar's face")
    return bad


# Tests

def tests_listed():
    listed = set(re.findall(r"tests/unit/(test_\w+)", text_of("Makefile.am")))
    there = {os.path.basename(path)[:-2] for path in sources("tests/unit/test_*.c")}
    return ([f"{name} is not in Makefile.am" for name in sorted(there - listed)]
            + [f"{name} is only in Makefile.am" for name in sorted(listed - there)])


RULES = (
    ("no files of common/ call each other in a circle", no_cycles),
    (f"no header has more than {HEADER_LINES} lines", header_sizes),
    (f"no source has more than {SOURCE_LINES} lines", source_sizes),
    (f"no function has more than {FUNCTION_LINES} lines", function_sizes),
    ("no two structs, unions or enums have one name", struct_names),
    ("a function's name begins with its file's prefix", function_names),
    ("no comment tells how long an object lives", lifetimes),
    ("no test hooks in what is installed", hooks),
    ("the rooms of the engine include only what is beside or below them", rooms),
    ("the registrar's face is the only file that calls ENRP, and is called by no room below", rooms_above),
    ("the registrar's face is the only file that sees both the registrar and ENRP", face_headers),
    ("each unit test is in Makefile.am", tests_listed),
)


def main():
    wanted = sys.argv[1:]
    rules = [rule for rule in RULES if not wanted or any(word in rule[1].__name__ for word in wanted)]
    failed = 0
    print(f"1..{len(rules)}")
    for number, (text, rule) in enumerate(rules, 1):
        bad = rule()
        print(f"{'not ' if bad else ''}ok {number} - {text}")
        for line in bad:
            print(f"# {line}")
        failed += bool(bad)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
