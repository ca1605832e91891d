#!/usr/bin/python3
"""Was any answer wrong for longer than it may be? judge.py DIR

Reads DIR/timeline (live.bash writes it), DIR/PROCESS.out of the elements, and DIR/REGISTRAR.answers (ask.py). Prints what was
wrong. Status 1: something was wrong.

An answer is wrong if it lacks an element that lives, or has one that does not.

It may never lack an element that the registrar has shown since it started, as long as a way of registrars that hear one
another leads to the home of the element, or the element itself can be reached. It may lack one that is new, or that it may
have forgotten,
  - for 1 s, or 5 s more from the end of a fault, where the registrar hears the home;
  - for the detection time (until a registrar is found silent) and 1 s where others hear the home for it;
  - as long as no way leads to the home;
  - for 1 s after the registrar began to serve.

It may have one that has left or died
  - after it left: as long as a new one may be lacking;
  - after it died: the grace time and the time to answer longer, as the home has to find out;
  - where no way leads to the home: until the home is found silent and the grace time is over, or until the element does not
    answer the next keep-alive, whichever is later, and 1 s.
"""
import bisect
import collections
import glob
import json
import os
import sys
from datetime import datetime

SECOND = 1000
MENDED = 5 * SECOND  # after the end of a fault all is known again
STEP = 50            # so densely an answer that stays is looked at
UNITS = {"d": 86400000, "y": 365 * 86400000, "h": 3600000, "s": 1000}


class Line:
    """A value that changes at times."""
    def __init__(self, value):
        self.times, self.values = [0], [value]

    def set(self, when, value):
        if value != self.values[-1]:
            self.times.append(when)
            self.values.append(value)

    def at(self, when):
        return self.values[bisect.bisect_right(self.times, when) - 1]

    def since(self, when):
        """When the value that it has @when began."""
        return self.times[bisect.bisect_right(self.times, when) - 1]


class World:
    def __init__(self, directory):
        self.up = {}                                                   # registrar: Line of whether it runs
        self.started = collections.defaultdict(list)                   # registrar: when it began to serve
        self.state = {}                                                # element: Line of live, left, dead, or changing: then both is right
        self.ids = {}                                                  # element: its id in answers
        self.homes = {}                                                # element: Line of its home
        self.names = {}                                                # server id: registrar
        self.cuts = collections.defaultdict(lambda: Line(False))       # (from, to): Line of whether frames are lost
        self.paths = {}
        self.changes = []                                              # when anything about ways changed
        self.mended = set()                                            # of these: not because a process began
        processes = []
        with open(os.path.join(directory, "timeline"), encoding="ascii") as file:
            for line in file:
                when, word, *rest = line.split()
                self.happened(int(when), word, rest, processes)
        for name, process, offset in processes:
            self.read_homes(os.path.join(directory, process + ".out"), name, offset)
        self.changes.sort()

    def happened(self, when, word, rest, processes):
        if word == "timers":
            last_heard, self.no_response, self.grace, self.keepalive = map(int, rest)
            self.detection = last_heard + self.no_response
        elif word == "hosts":
            self.hosts = rest
        elif word == "up":
            self.names[rest[1]] = rest[0]
            when = int(rest[2]) - offset_of(rest[3])  # as its record says, by its own clock
            self.started[rest[0]].append(when)
            self.runs(when, rest[0], True)
        elif word in ("down", "continued"):
            self.runs(when, rest[0], word == "continued")
            self.mended.add(when)
        elif word == "element":
            self.ids[rest[0]] = rest[2]
            self.homes.setdefault(rest[0], Line(None))
            processes.append((rest[0], rest[1], offset_of(rest[3])))
        elif word in ("live", "changing", "left", "dead"):
            self.state.setdefault(rest[0], Line(None)).set(when, word)
        elif word == "net":
            self.changed_net(when, rest)

    def runs(self, when, name, value):
        self.up.setdefault(name, Line(False)).set(when, value)
        self.changes.append(when)

    def changed_net(self, when, words):
        command, target = words[0], words[1:]
        if command == "delay":
            return  # what is slow is heard all the same
        lossy = command in ("cut", "oneway") or (command == "loss" and target.pop() != "0%")
        for a in self.hosts:
            for b in self.hosts:
                if a != b and concerns(target, a, b):
                    self.cuts[a, b].set(when, lossy)
        self.changes.append(when)
        self.mended.add(when)

    def read_homes(self, path, name, offset):
        with open(path, encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                if record.get("event") in ("registered", "reregistered", "home-changed", "renewed", "keepalive"):
                    at = datetime.fromisoformat(record["ts"].replace("Z", "+00:00")).timestamp() * 1000 - offset
                    registrar = record["registrar"] or {}
                    home = registrar.get("name") or self.names.get(registrar.get("id"))
                    if home:
                        self.homes[name].set(at, home)
        for other in self.homes[name].times:
            self.changes.append(other)

    def joined(self, a, b, when):
        """Whether frames pass between hosts, both ways."""
        return not self.cuts[a, b].at(when) and not self.cuts[b, a].at(when)

    def way(self, registrar, home, when):
        """How @registrar hears @home: 1 itself, 2 by way of others, 0 not."""
        moment = bisect.bisect_right(self.changes, when)
        key = registrar, home, moment
        if key not in self.paths:
            self.paths[key] = self.find_way(registrar, home, self.changes[moment - 1] if moment else 0)
        return self.paths[key]

    def find_way(self, registrar, home, when):
        running = [name for name, line in self.up.items() if line.at(when)]
        if home not in running or registrar not in running:
            return 0
        if registrar == home or self.joined(registrar, home, when):
            return 1
        reached, new = {registrar}, [registrar]
        while new:
            here = new.pop()
            for name in running:
                if name not in reached and self.joined(here, name, when):
                    reached.add(name)
                    new.append(name)
        return 2 if home in reached else 0

    def way_since(self, registrar, element, when):
        """How @registrar hears the home of @element, and since when it has been as well as that (or not at all)."""
        def way_at(moment):
            return self.way(registrar, self.homes[element].at(moment), moment)

        way, since = way_at(when), when
        for change in reversed([0] + self.changes[:bisect.bisect_right(self.changes, when)]):
            if not (way_at(change) == 0 if way == 0 else 0 < way_at(change) <= way):
                break
            since = change
        return way, since

    def reachable(self, registrar, element, when):
        return self.joined(registrar, element, when)

    # The bounds

    def may_forget(self, registrar, element, since, when):
        """Whether from @since to @when there was a time without a way to the home of @element and to itself."""
        moments = self.changes[bisect.bisect_right(self.changes, since):bisect.bisect_right(self.changes, when)]
        return any(not self.reachable(registrar, element, moment) and
                   not self.way(registrar, self.homes[element].at(moment), moment) for moment in [since, *moments])

    def may_lack(self, registrar, element, shown, when):
        """Why @registrar may lack the live @element, which it has shown last at @shown; else None."""
        born = self.state[element].since(when)
        begun = max([t for t in self.started[registrar] if t <= when], default=when)
        if when <= max(born, begun) + SECOND:
            return "new"
        if shown >= max(born, begun) and not self.may_forget(registrar, element, shown, when):
            return None
        way, since = self.way_since(registrar, element, when)
        if way == 0:
            return "no way to its home"
        late = since + (MENDED if since in self.mended else 0)
        if way == 2:
            late = max(late, born, since) + self.detection
        return "on its way" if when <= max(born, late) + SECOND else None

    def may_have(self, registrar, element, when):
        """Why @registrar may show the @element that is gone; else None."""
        kind, gone = self.state[element].at(when), self.state[element].since(when)
        way, since = self.way_since(registrar, element, when)
        home_finds = gone + (self.grace + self.no_response if kind == "dead" else 0)
        if way:
            mended = since + MENDED + (self.grace + self.no_response if kind == "dead" else 0) if since in self.mended else 0
            relayed = self.detection if way == 2 else 0
            return "found out" if when <= max(home_finds, mended) + relayed + SECOND else None
        here = self.up[registrar].since(when)
        silent = max(since, here) + self.detection
        asked = max(gone, here) + self.keepalive * 3 // 2 + self.no_response
        return "found silent" if when <= max(silent, asked) + self.grace + SECOND else None


def offset_of(text):
    """A FAKETIME, in ms."""
    return int(text) * SECOND if text[-1].isdigit() else int(text[:-1]) * UNITS[text[-1]]


def concerns(target, a, b):
    if not target or target == ["all"]:
        return True
    if ">" in target[0]:
        return [a, b] == target[0].split(">")
    return a in target and b in target if len(target) == 2 else target[0] in (a, b)


def answers_of(path):
    with open(path, encoding="ascii") as file:
        for line in file:
            first, last, kind, *rest = line.split()
            yield int(first), int(last), kind, rest


def judge_answer(world, registrar, when, shown, seen, say):
    """The answer at @when named the ids @shown. @seen: since when it is wrong about an element, and when it was right."""
    for element, id_ in world.ids.items():
        state = world.state[element].at(when) if element in world.state and world.up[registrar].at(when) else "changing"
        if (id_ in shown) == (state == "live") or state == "changing":
            seen[element] = {"shown": when if state == "live" else seen[element]["shown"], "wrong": None, "said": False}
            continue
        seen[element]["wrong"] = seen[element]["wrong"] or when
        if state == "live":
            excuse = world.may_lack(registrar, element, seen[element]["shown"], when)
        else:
            excuse = world.may_have(registrar, element, when)
        if excuse is None and not seen[element]["said"]:
            seen[element]["said"] = True
            home = world.homes[element].at(when)
            say(when, f"{registrar} {'lacks' if state == 'live' else 'has'} {element}, {state} for "
                f"{when - world.state[element].since(when)} ms, wrong for {when - seen[element]['wrong']} ms; its home "
                f"{home} is {['not heard', 'heard', 'heard by way of others'][world.way(registrar, home, when)]}")


def judge_registrar(world, registrar, answers, say):
    n, seen = collections.Counter(), collections.defaultdict(lambda: {"shown": 0, "wrong": None, "said": False})
    for first, last, kind, rest in answers:
        n[kind] += 1
        if kind in ("closed", "silent"):
            continue
        if kind == "no" and rest != ["0x0009"]:
            say(first, f"{registrar} refused the question: {rest}")
        shown = {id_.split("@")[0] for id_ in rest} if kind == "ok" else set()
        for stranger in shown - set(world.ids.values()):
            say(first, f"{registrar} has {stranger}, which is no element")
        for when in [*range(first, last, STEP), last]:
            judge_answer(world, registrar, when, shown, seen, say)
    return n


def main():
    world = World(sys.argv[1])
    bad = []

    def say(when, what):
        bad.append(when)
        print(f"{when}: {what}")

    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.answers"))):
        registrar = os.path.basename(path)[:-len(".answers")]
        n = judge_registrar(world, registrar, answers_of(path), say)
        if not n["ok"]:
            bad.append(0)
            print(f"{registrar} answered nothing")
        print(f"{registrar}: {dict(n)}")
    for element, line in world.homes.items():
        print(f"{element}: {' '.join(line.values[1:])}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
