#!/usr/bin/env python3
"""Make the mistakes of mistakes.txt, one at a time, and see whether the simulator or the explorer finds each, without
unit tests.

The tree is copied and built once. For each mistake the changed objects are compiled beside that build. rsp-sim is
linked with them, and runs one seed after the other, in the style that it says and in the style layers, until an invariant
is violated; a crash and a hang are found too. If no seed finds the mistake, test_counterexamples, test_histories and then
rsp-explore try. Seeds, histories and scopes that fail without any mistake do not count: they are named first.

The table goes to standard output: found or survived; the mistake and the clause that it breaks; its file; what found it
and after how many seeds. The exit status is 1 if fewer than --at-least are found.
"""

import argparse
import collections
import concurrent.futures
import glob
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MEMORY_KB = 4 << 20  # a mistake may allocate for ever
WALL_S = 30  # a seed that takes longer than this, and ten times as long as without the mistake, hangs
TESTS = ("test_counterexamples", "test_histories")
PROGRAMS = ("rsp-sim", "rsp-explore", *TESTS)
SCOPES = ("--registrars=3 --start=settled --deviations=1",
          "--registrars=3 --start=register --deviations=1",
          "--registrars=3 --start=cold --deviations=0 --fault-ms=1000",
          "--registrars=3 --start=settled --deviations=0 --fault-ms=1100",
          "--registrars=2 --elements=2 --start=settled --deviations=1",
          "--registrars=2 --twins --start=settled --deviations=1",
          "--registrars=2 --twins --start=cold --deviations=1",
          "--registrars=2 --twins --plain --start=settled --deviations=1",
          "--registrars=3 --plain --start=register --deviations=1",
          "--registrars=2 --start=settled --deviations=2")

Mistake = collections.namedtuple("Mistake", "name rule path old new")
Run = collections.namedtuple("Run", "wrong said seconds")  # wrong: None, or what was violated


def read_mistakes(tree):
    """The mistakes of mistakes.txt, and what does not fit the tree."""
    with open(os.path.join(HERE, "mistakes.txt"), encoding="utf-8") as file:
        text = re.sub(r"^#.*\n", "", file.read(), flags=re.M)
    mistakes, wrong = [], []
    for block in filter(None, (block.strip("\n") for block in re.split(r"\n\s*\n", text))):
        name, rule, path, *lines = block.split("\n")
        fields = [re.fullmatch(r"(\w+): (.+)", line) for line in (name, rule, path)]
        if not all(fields) or [field[1] for field in fields] != ["mistake", "rule", "file"]:
            wrong.append(f"not a mistake: {block}")
            continue
        old = "".join(line[1:] + "\n" for line in lines if line[0] in "- ")
        new = "".join(line[1:] + "\n" for line in lines if line[0] in "+ ")
        mistakes.append(Mistake(*(field[2] for field in fields), old, new))
        with open(os.path.join(tree, mistakes[-1].path), encoding="utf-8") as file:
            times = ("\n" + file.read()).count("\n" + old)
        if times != 1:
            wrong.append(f"{mistakes[-1].name}: its text is {times} times in {mistakes[-1].path}")
    return mistakes, wrong


def run(command, cwd):
    done = subprocess.run(command, shell=True, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode:
        sys.exit(f"seeded: {command}: {done.stdout[-2000:]}")
    return done.stdout


class Build:
    """A copy of the tree, built, and the commands that build an object and a program of it."""

    def __init__(self, source, work):
        self.work, self.tree, self.dir = work, os.path.join(work, "tree"), os.path.join(work, "build")
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(self.dir)
        shutil.copytree(source, self.tree, symlinks=True,
                        ignore=shutil.ignore_patterns(".git", "build", "build?*", "lane-*", "autom4te.cache"))
        shutil.copytree(os.path.join(source, "build-aux"), os.path.join(self.tree, "build-aux"), dirs_exist_ok=True)
        run(f"{shlex.quote(self.tree)}/configure CFLAGS='-O2 -g0'", self.dir)
        run("make -s " + " ".join(PROGRAMS), self.dir)
        self.links = {name: self.last_command(name, f"-o {name} ") for name in PROGRAMS}
        self.compiles = {}

    def last_command(self, target, pattern):
        """What make runs to build @target, from its own words."""
        os.remove(os.path.join(self.dir, target))
        said = run(f"make V=1 {target}", self.dir).replace("\\\n", " ")
        return [line for line in said.split("\n") if pattern in line + " "][-1]

    def prepare(self, mistakes):
        """Learn how to compile what the mistakes change."""
        for path in {path for mistake in mistakes for path in self.sources_of(mistake)}:
            target = path[:-2] + ".o"
            command = self.last_command(target, f"-o {target} ").split("&&", maxsplit=1)[0]
            command = re.sub(r" -M[TF] \S+| -M[DP]\b", "", command).replace(f" -o {target}", " ")
            self.compiles[path] = command.rsplit(None, 1)[0]

    def sources_of(self, mistake):
        if mistake.path.endswith(".c"):
            return [mistake.path]
        includes = '#include "' + mistake.path.split("/", maxsplit=1)[1] + '"'
        found = []
        for path in sorted(glob.glob("common/**/*.c", root_dir=self.tree, recursive=True)):
            with open(os.path.join(self.tree, path), encoding="utf-8") as file:
                if includes in file.read():
                    found.append(path)
        return found

    def make(self, number, mistake):
        """Compile what @mistake changes. Its folder and objects; None: it does not compile."""
        folder = os.path.join(self.work, f"mistake-{number}")
        with open(os.path.join(self.tree, mistake.path), encoding="utf-8") as file:
            text = ("\n" + file.read()).replace("\n" + mistake.old, "\n" + mistake.new)[1:]
        changed = os.path.join(folder, mistake.path)
        os.makedirs(os.path.dirname(changed))
        with open(changed, "w", encoding="utf-8") as file:
            file.write(text)
        objects = []
        for path in self.sources_of(mistake):
            source = changed if path == mistake.path else os.path.join(self.tree, path)
            objects.append(os.path.join(folder, path.replace("/", "-")[:-2] + ".o"))
            command = self.compiles[path].replace(" -I", f" -I{shlex.quote(folder)}/common -I", 1)
            run(f"{command} -o {shlex.quote(objects[-1])} {shlex.quote(source)}", self.dir)
        return folder, objects

    def link(self, name, folder, objects):
        """Link program @name with @objects, which come before those in the archives."""
        program, library = os.path.join(folder, name), " libsim.a" if name == "rsp-sim" else " libengine.a"
        command = self.links[name].replace(library, " " + shlex.join(objects) + library, 1)
        run(command.replace(f"-o {name} ", f"-o {shlex.quote(program)} "), self.dir)
        return program


def call(command, wall_s, wanted=None):
    """Run @command, at most for @wall_s, and until a line matches @wanted. Returns a Run."""
    limited = ["sh", "-c", f'ulimit -c 0; ulimit -v {MEMORY_KB}; exec "$@"', "sh", *command]
    began, said, wrong, late = time.monotonic(), "", None, threading.Event()
    with subprocess.Popen(limited, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          start_new_session=True) as child:

        def end():
            late.set()
            os.killpg(child.pid, signal.SIGKILL)

        timer = threading.Timer(wall_s, end)
        timer.start()
        for line in child.stdout:
            said += line
            if wanted and re.search(wanted, line):
                wrong = line
                os.killpg(child.pid, signal.SIGKILL)
                break
        status = child.wait()
        timer.cancel()
    if late.is_set():
        wrong = "hang"
    elif not wrong and status:
        wrong = f"crash ({signal.Signals(-status).name})" if status < 0 else f"status {status}"
    return Run(wrong, said, time.monotonic() - began)


def run_seed(program, seed, wall_s):
    done = call([program, "--strict", *seed.split(), "--quiet"], wall_s)
    found = re.search(r'"invariant":"([^"]*)"', done.said)
    return done._replace(wrong=found[1] if found else done.wrong)


def failed_histories(program, wall_s):
    done = call([program], wall_s)
    failed = {re.sub(r"^not ok \d+ - ", "", line) for line in done.said.split("\n") if line.startswith("not ok")}
    return done, failed


def explore(program, scope, seconds):
    """The rule that rsp-explore finds violated in @scope; None: none."""
    done = call([program, *scope.split(), f"--seconds={seconds}"], 5 * seconds + WALL_S, r'"violation"')
    if done.wrong and done.wrong.startswith("{"):
        return json.loads(done.wrong)["violation"]
    return done.wrong if done.wrong != "hang" else None  # it may only be slow: the time is over after a history


class Hunt:
    """What is run, and what fails without a mistake."""

    def __init__(self, build, seeds, seconds, jobs):
        self.build, self.seconds = build, seconds
        sim, explorer, *tests = (os.path.join(build.dir, name) for name in PROGRAMS)
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            runs = list(pool.map(lambda seed: run_seed(sim, seed, 600), seeds))
            explored = list(pool.map(lambda scope: explore(explorer, scope, seconds), SCOPES))
        self.scopes = [scope for scope, wrong in zip(SCOPES, explored)
                       if not self.excluded(f"rsp-explore {scope}", wrong)]
        self.seeds = [(seed, max(WALL_S, 10 * done.seconds)) for seed, done in zip(seeds, runs)
                      if not self.excluded(f"rsp-sim --strict {seed}", done.wrong)]
        self.failed, self.tests_s = {}, {}
        for name, program in zip(TESTS, tests):
            done, self.failed[name] = failed_histories(program, 600)
            self.tests_s[name] = max(WALL_S, 10 * done.seconds)
            for history in self.failed[name]:
                self.excluded(f"{name}: {history}", "not ok")

    @staticmethod
    def excluded(what, wrong):
        if wrong:
            print(f"# fails without a mistake, and does not count: {what}: {wrong}", flush=True)
        return wrong

    def hunt(self, number, mistake):
        """What finds @mistake; None: nothing does."""
        folder, objects = self.build.make(number, mistake)
        found = (self.by_seeds(folder, objects) or self.by_histories(folder, objects)
                 or self.by_explorer(folder, objects))
        shutil.rmtree(folder)
        return found

    def by_seeds(self, folder, objects):
        program = self.build.link("rsp-sim", folder, objects)
        for count, (seed, wall_s) in enumerate(self.seeds, 1):
            wrong = run_seed(program, seed, wall_s).wrong
            if wrong:
                return f"rsp-sim: {wrong}, {seed}, the {count}. of {len(self.seeds)}"
        return None

    def by_histories(self, folder, objects):
        for name in TESTS:
            done, failed = failed_histories(self.build.link(name, folder, objects), self.tests_s[name])
            if failed - self.failed[name]:
                return f"{name}: {sorted(failed - self.failed[name])[0]}"
            if done.wrong and not done.wrong.startswith("status"):
                return f"{name}: {done.wrong}"
        return None

    def by_explorer(self, folder, objects):
        program = self.build.link("rsp-explore", folder, objects)
        for scope in self.scopes:
            wrong = explore(program, scope, self.seconds)
            if wrong:
                return f"rsp-explore {scope}: {wrong}"
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--source", default=os.path.dirname(os.path.dirname(HERE)), help="the tree")
    parser.add_argument("--work", required=True, help="a directory for the copy; it is removed first")
    parser.add_argument("--seeds", default="1-100", help="of the simulator: FROM-TO")
    parser.add_argument("--explore-seconds", type=int, default=15, help="for each scope of the explorer")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--only", action="append", help="only mistakes with this in their name")
    parser.add_argument("--at-least", type=int, default=45, help="so many have to be found")
    args = parser.parse_args()

    begin, end = (int(number) for number in args.seeds.split("-"))
    mistakes, wrong = read_mistakes(args.source)
    if wrong:
        sys.exit(f"seeded: {wrong[0]}")
    chosen = [one for one in mistakes if not args.only or any(part in one.name for part in args.only)]
    build = Build(args.source, args.work)
    build.prepare(chosen)
    seeds = [f"--seed {seed}{style}" for seed in range(begin, end + 1) for style in ("", " --style layers")]
    hunt = Hunt(build, seeds, args.explore_seconds, args.jobs)
    n_found = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for mistake, found in zip(chosen, pool.map(hunt.hunt, range(len(chosen)), chosen)):
            n_found += found is not None
            print("\t".join(("found" if found else "survived", f"{mistake.name} ({mistake.rule})", mistake.path,
                             found or "")), flush=True)
    print(f"{n_found} of {len(chosen)} found")
    return 1 if n_found < min(args.at_least, len(chosen)) else 0


if __name__ == "__main__":
    sys.exit(main())
