#!/usr/bin/env python3
"""Make one-line mistakes in the code and see whether a unit test finds each: one that none finds survives.

The mistakes are drawn by a seed, as many from each layer. Each is made in a copy of the tree, where one object is
compiled and only unit tests that use this object are linked and run, until one fails. A mistake that gives the same object
as the right code is none and is not counted. survivors.tsv lists survivors that no test can find, with the reason.

The table goes to standard output: result, layer, file:line, kind, the line, the changed line, the test that failed.
The exit status is 1 if a mistake survives that survivors.tsv does not explain.
"""

import argparse
import collections
import os
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time

LAYERS = ("engine", "model", "net", "keys")
MEMORY = 2 << 30  # a mistake may allocate for ever
WALL_S = 60  # a test that takes longer than this, and six times as long as without the mistake, hangs
HERE = os.path.dirname(os.path.abspath(__file__))

Mutant = collections.namedtuple("Mutant", "layer path number kind old new")
Program = collections.namedtuple("Program", "name symbols")  # the symbols that it defines

SWAPS = [  # pattern in code without strings and comments, replacement, kind
    (r"&&", "||", "and-or"),
    (r"\|\|", "&&", "and-or"),
    (r"==", "!=", "comparison"),
    (r"!=", "==", "comparison"),
    (r"(?<![<>=-])<(?![<=])(?= )", "<=", "comparison"),
    (r"<=", "<", "comparison"),
    (r"(?<![<>=-])>(?![>=])(?= )", ">=", "comparison"),
    (r"(?<!>)>=", ">", "comparison"),
    (r" \+ ", " - ", "arithmetic"),
    (r" - ", " + ", "arithmetic"),
    (r" \+= ", " -= ", "arithmetic"),
    (r" -= ", " += ", "arithmetic"),
    (r" \|= ", " &= ", "arithmetic"),
    (r" / ", " * ", "arithmetic"),
    (r"\btrue\b", "false", "constant"),
    (r"\bfalse\b", "true", "constant"),
    (r" \+ 1\b", "", "off-by-one"),
    (r" - 1\b", "", "off-by-one"),
    (r"!(?=[a-zA-Z(])", "", "negation"),
    (r"\bbreak;", ";", "dropped"),
    (r"\bcontinue;", ";", "dropped"),
]
NUMBER = re.compile(r"(?<![\w.])(?<!\{ )(\d+)(?![\w.])")  # not the 0 of { 0 }
CONDITION = re.compile(r"^(\s*(?:\} else )?(?:if|while) \()(.*)(\)(?: \{)?)$")
STATEMENT = re.compile(r"^\t+(?:\(void\))?[a-z_]\w*(?:(?:->|\.)\w+|\[[^]]*\])*(?:\(.*\)| (?:[-+|&^]|<<|>>)?= .*|\+\+|--);$")
DECLARATION = re.compile(r"^\s*(?:static|const|struct|enum|union|unsigned|u?int\w*|size_t|ssize_t|bool|char|void|return|"
                         r"goto|gnutls_\w+_t|uv_\w+_t|json_t|free)\b")  # a leak is for the lane with sanitizers


def blank(match):
    return re.sub(r"[^\n]", "\0", match.group(0))


def code_only(text):
    """@text with strings, characters and comments blanked, at the same length."""
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def mistakes_in(line, code):
    """Yield (kind, changed line) for each one-line mistake."""
    found = CONDITION.match(code)
    if found and found.group(2).count("(") == found.group(2).count(")"):
        at, end = found.start(2), found.end(2)
        yield "negated", line[:at] + "!(" + line[at:end] + ")" + line[end:]
    for pattern, new, kind in SWAPS:
        for match in re.finditer(pattern, code):
            yield kind, line[:match.start()] + new + line[match.end():]
    for match in NUMBER.finditer(code):
        yield "constant", line[:match.start()] + str(int(match.group(1)) + 1) + line[match.end():]
    if STATEMENT.match(code) and not DECLARATION.match(code) and code.count("(") == code.count(")"):
        indent = len(line) - len(line.lstrip())
        yield "dropped", line[:indent] + ";"


def files_of(tree, layer):
    """The C files of a layer and of its rooms, as paths from the root of @tree."""
    for folder, rooms, names in os.walk(os.path.join(tree, "common", layer)):
        rooms.sort()
        for name in sorted(names):
            if name.endswith(".c"):
                yield os.path.relpath(os.path.join(folder, name), tree)


def mutants_of(tree, layer, only):
    for path in files_of(tree, layer):
        if only and not any(path.endswith(suffix) for suffix in only):
            continue
        with open(os.path.join(tree, path), encoding="utf-8") as file:
            text = file.read()
        depth, macro = 0, False
        for number, (line, code) in enumerate(zip(text.split("\n"), code_only(text).split("\n")), 1):
            directive = macro or code.lstrip().startswith("#")
            macro = directive and line.endswith("\\")
            inside = depth > 0
            if not directive:
                depth += code.count("{") - code.count("}")
            if inside and not directive and "static_assert" not in code:
                for kind, new in mistakes_in(line, code):
                    yield Mutant(layer, path, number, kind, line, new)


def draw(tree, layers, count, seed, only):
    """@count mutants: of each layer in turn, first a kind and then one of that kind."""
    chance = random.Random(seed)
    pool = {}
    for layer in layers:
        kinds = collections.defaultdict(list)
        for mutant in mutants_of(tree, layer, only):
            kinds[mutant.kind].append(mutant)
        pool[layer] = {kind: kinds[kind] for kind in sorted(kinds)}
    while any(pool.values()) and count != 0:
        for layer in layers:
            if not pool[layer]:
                continue
            kind = chance.choice(list(pool[layer]))
            some = pool[layer][kind]
            yield some.pop(chance.randrange(len(some)))
            if not some:
                del pool[layer][kind]


class Build:
    """A copy of the tree, built, and the commands that build one object and one test of it anew."""

    def __init__(self, source, work, layers):
        self.tree, self.dir = os.path.join(work, "tree"), os.path.join(work, "build")
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(self.dir)
        shutil.copytree(source, self.tree, symlinks=True,
                        ignore=shutil.ignore_patterns(".git", "build", "build?*", "lane-*", "autom4te.cache"))
        shutil.copytree(os.path.join(source, "build-aux"), os.path.join(self.tree, "build-aux"), dirs_exist_ok=True)
        self.run(f"{shlex.quote(self.tree)}/configure CFLAGS='-O1 -g0'")
        names = self.find_programs()
        self.run("make -s " + " ".join(names))
        self.compiles = {}
        self.links = {name: self.command_for(name, {}) for name in names}
        wanted = set().union(*(self.symbols(path[:-2] + ".o") for layer in layers for path in files_of(self.tree, layer)))
        programs = [Program(name, self.symbols(name)) for name in names]
        self.programs = [program for program in programs if program.symbols & wanted]

    def run(self, command):
        done = subprocess.run(command, shell=True, cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        if done.returncode:
            sys.exit(f"mutate: {command}: {done.stdout[-2000:]}")
        return done.stdout

    def find_programs(self):
        with open(os.path.join(self.tree, "Makefile.am"), encoding="utf-8") as file:
            return sorted(set(re.findall(r"tests/unit/test_\w+(?=[ \n])", file.read())))

    def symbols(self, path):
        """The external symbols that object or program @path defines."""
        lines = self.run(f"nm -P {shlex.quote(path)}").splitlines()
        return {line.split()[0] for line in lines if line.split()[1] in "TDBRCVW"} - {"main"}

    def command_for(self, target, known):
        """What make runs to build @target, from its own words."""
        if target not in known:
            path = os.path.join(self.dir, target)
            if os.path.exists(path):
                os.remove(path)
            said = self.run(f"make V=1 {target}").replace("\\\n", " ")
            lines = [line for line in said.split("\n") if re.search(rf"-o {re.escape(target)}\b", line)]
            known[target] = lines[-1]
        return known[target]

    def compile(self, path):
        """Whether @path could be compiled."""
        target = path[:-2] + ".o"
        return subprocess.run(self.command_for(target, self.compiles), shell=True, cwd=self.dir,
                              capture_output=True, check=False).returncode == 0

    def object(self, path):
        with open(os.path.join(self.dir, path[:-2] + ".o"), "rb") as file:
            return file.read()

    def link(self, name, path):
        """Link program @name with the object of @path, which comes before that in the archive."""
        self.run(self.links[name].replace(" libtests.a", f" {path[:-2]}.o libtests.a"))

    def test(self, name, cpu_s, wall_s):
        """None if @name passes, else what it failed by."""

        def limits():
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        place = dict(os.environ, RSP_SRCDIR=self.tree, RSP_BUILDDIR=self.dir)
        with subprocess.Popen([os.path.join(self.dir, name)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              cwd=self.dir, env=place, preexec_fn=limits, start_new_session=True) as child:
            end, failed, said = time.monotonic() + wall_s, None, b""
            os.set_blocking(child.stdout.fileno(), False)
            while failed is None:
                some = child.stdout.read()
                said += some or b""
                found = re.search(rb"^not ok \d+ - (.*)$", said, re.M)
                if found and found.end() < len(said):
                    failed = found.group(1).decode()
                elif some == b"" or child.poll() is not None:
                    status = child.wait()
                    break
                elif time.monotonic() > end:
                    failed = "hangs"
                else:
                    time.sleep(0.01)
            if failed is None and status:
                failed = "hangs" if status == -signal.SIGXCPU else f"status {status}"
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.stdout.close()
        return failed


def tests_of(build, mutant, durations, kills):
    """The tests to run: that named for the file first, then those that have found much, then quick ones."""
    parts = mutant.path[:-2].split("/")[1:]
    words = ["_".join(parts[at:]) for at in range(len(parts))] + parts[:-1]
    symbols = build.symbols(mutant.path[:-2] + ".o")

    def worth(program):
        near = max((len(word) for word in words if word in program.name), default=0)
        return (-near, -kills[mutant.path][program.name], -kills[mutant.layer][program.name],
                len(program.symbols), durations[program.name])

    return [program.name for program in sorted(build.programs, key=worth) if program.symbols & symbols]


def known_survivors():
    with open(os.path.join(HERE, "survivors.tsv"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--source", default=os.path.dirname(os.path.dirname(HERE)), help="the tree")
    parser.add_argument("--work", required=True, help="a directory for the copy; it is removed first")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=120, help="how many mistakes count")
    parser.add_argument("--layer", action="append", choices=LAYERS)
    parser.add_argument("--file", action="append", help="only files whose path ends so")
    args = parser.parse_args()

    known = known_survivors()
    layers = args.layer or list(LAYERS)
    build = Build(args.source, args.work, layers)
    durations = {}
    for program in build.programs:
        begin = time.monotonic()
        failed = build.test(program.name, 600, 600)
        durations[program.name] = time.monotonic() - begin
        if failed:
            sys.exit(f"mutate: {program.name} fails without a mistake: {failed}")
    kills = collections.defaultdict(collections.Counter)
    results = collections.Counter()
    print("#result\tlayer\tplace\tkind\tline\tchanged\ttest", flush=True)
    for mutant in draw(build.tree, layers, args.count, args.seed, args.file):
        if results["killed"] + results["survived"] + results["explained"] >= args.count:
            break
        path = os.path.join(build.tree, mutant.path)
        with open(path, encoding="utf-8") as file:
            right = file.read()
        lines = right.split("\n")
        lines[mutant.number - 1] = mutant.new
        if not build.compile(mutant.path):
            sys.exit(f"mutate: {mutant.path} does not compile")
        right_object = build.object(mutant.path)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        if not build.compile(mutant.path):
            result, by = "no-code", ""
        elif build.object(mutant.path) == right_object:
            result, by = "same-object", ""
        else:
            result, by = "survived", ""
            for name in tests_of(build, mutant, durations, kills):
                build.link(name, mutant.path)
                cpu_s = int(10 + 4 * durations[name])
                failed = build.test(name, cpu_s, max(WALL_S, 6 * durations[name]))
                if failed:
                    result, by = "killed", f"{name}: {failed}"
                    kills[mutant.path][name] += 1
                    kills[mutant.layer][name] += 1
                    break
        with open(path, "w", encoding="utf-8") as file:
            file.write(right)
        build.compile(mutant.path)
        if result == "survived":
            reason = known.get((mutant.path, mutant.old.strip(), mutant.new.strip()))
            if reason:
                result, by = "explained", reason
        results[result] += 1
        print("\t".join((result, mutant.layer, f"{mutant.path}:{mutant.number}", mutant.kind, mutant.old.strip(),
                         mutant.new.strip(), by)), flush=True)
    print("# " + ", ".join(f"{name}: {results[name]}" for name in sorted(results)))
    return 1 if results["survived"] else 0


if __name__ == "__main__":
    sys.exit(main())
