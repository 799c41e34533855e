"""What became of a round of faulty sources, each at a port of its own.

matrix.py ended BEFORE NOW ROUND     exit status 0 once all sources did what
    they are there for; BEFORE and NOW are answers to status
matrix.py judge BEFORE NOW ROUND LOG WHENCE   a line for each source:
    ok|NAME or not_ok|NAME|REASON, then row|...  for the table; or again|...
    if it cannot be judged, as its reader was starved of processor time

ROUND has lines PORT FAULT TESTS OUTCOME: by which tests it may be detected
("a/b", "-" by none), and what the agent makes of it:
    permanent  failed at the first failure, at the permanent level
    four       failed after four failures within an hour
    failed     one of these
    once       one failure, a start-up test, and it serves again
    never      not detected
LOG is the agent's for this round; WHENCE is what whence(1) says of the bytes
that the peer got.  Its offsets are of the noise, whose first GOOD bytes are
good: the first block behind a start-up test is made of the 4097th sample, so
every sample that the agent counts has its place in the noise.
"""
import json
import os
import re
import sys

from noise import GOOD

STARTUP, WINDOW, SAMPLES = 4096, 512, 144
BUFFERED = 32768  # by device and reader: what never comes of a source that ends
ENOUGH_SAMPLES = 150000  # until what was not detected is not detected


class Source:
    def __init__(self, line, before, now):
        self.port, self.fault, tests, self.outcome = line.split()
        self.tests = tests.split("/")
        self.now = device(now, self.port)
        old = device(before, self.port)
        self.samples = samples(self.now) - samples(old)
        self.enough = ENOUGH_SAMPLES
        if self.fault.startswith("period-"):
            self.enough += int(self.fault[len("period-"):])
        if self.fault.startswith("data_"):
            name = self.fault[len("data_"):]
            self.enough = GOOD - BUFFERED + os.path.getsize(
                f"{os.environ['DATA']}/{name}.bin")

    def final(self):
        return self.now["health"]["verdict"] == "failed" and \
            self.now["detail"].startswith("health test")

    def ended(self):
        if not self.now:
            return False
        return self.final() or (self.outcome in ("never", "once") and
                                self.samples >= self.enough)


def device(status, port):
    for d in status["devices"]:
        if d["port"] == port:
            return d
    return None


def samples(d):
    return d["health"]["samples"] if d else 0


def load(path):
    with open(path) as f:
        return json.load(f)


def passed_end(start, at):
    """Where the last passed window ends, if start is the 4097th sample's."""
    return start + (at - 1) // WINDOW * WINDOW - STARTUP


def leaked(spans, failures):
    """Bytes of a failing window, or of what follows it, that were served."""
    out = 0
    for start, end in spans:
        # What failed before a block was given away has left no span.
        while len(failures) > 1 and \
                passed_end(start, failures[0][1]) < end:
            failures = failures[1:]
        if failures:
            out += max(0, end - passed_end(start, failures[0][1]))
            failures = failures[1:]
    return out


def settled(source, failures):
    """True if the agent made of the failures what it should have."""
    last = source.now["health"]["last_failure"] or {}
    failed = source.final()
    permanent = failed and last.get("permanent", False)
    return {
        "permanent": permanent and len(failures) == 1,
        "four": failed and not permanent and len(failures) == 4,
        "failed": failed,
        "once": not failed and len(failures) == 1,
        "never": not failed and not failures,
    }[source.outcome]


def outcome(source, failures):
    if not source.final():
        if not failures:
            return "serves on"
        return "start-up test, serves again"
    if source.now["health"]["last_failure"]["permanent"]:
        return f"failure {len(failures)} is for good: replug or reload"
    return f"failed after {len(failures)}: replug or reload"


def judge_detected(source, failures, spans):
    """Reasons why it is not well, and the row of the table."""
    test, at = failures[0]
    why = []
    start, end = spans[0]
    failing = start - STARTUP + at - 1  # the failing sample's place
    served = max(0, (end - GOOD) // SAMPLES * 64)
    leak = leaked(spans[:1], failures[:1]) + leaked(spans[1:], failures[1:])
    if start >= GOOD:
        why.append("it was faulty before it served")
    if failing < GOOD - 8:
        why.append(f"{test} failed {GOOD - failing} bytes before the fault")
    if test not in source.tests:
        why.append(f"detected by {test}")
    if leak:
        why.append(f"{leak} samples of a failing window were served")
    if source.fault.startswith("period-") and len(spans) > 1:
        why.append("it was served from again after it was seen")
    if source.now["health"]["last_failure"]["released"]:
        why.append("the agent says that it released samples")
    row = (source.fault, "yes", test, failing - GOOD + 1, served, leak,
           outcome(source, failures))
    return why, row


def judge_missed(source, spans):
    served = (spans[-1][1] - GOOD) // SAMPLES * 64
    why = [] if served > 0 else ["nothing of it was served"]
    return why, (source.fault, "no", "-", "-", served, "-", "serves on")


def judge(source, failures, spans):
    if failures:
        why, row = judge_detected(source, failures, spans)
    else:
        why, row = judge_missed(source, spans)
    if not settled(source, failures):
        why.append(f"{source.outcome} it should be, but: "
                   f"{outcome(source, failures)}, {len(failures)} failures")
    return why, row


def join(runs):
    """(start, end) of what was served between two resets, each of which costs a
    start-up test; blocks in between may be missing, as a short send discards
    one."""
    spans = []
    for start, blocks in runs:
        end = start + SAMPLES * blocks
        if spans and 0 <= start - spans[-1][1] < STARTUP:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def read_log(path, sources):
    """Failures of each source in order, (test, sample since its reset), and the
    ports of those that were interrupted between a start and a failure."""
    found = {s.port: [] for s in sources}
    started, disturbed = {}, set()
    ports = {s.now["name"]: s.port for s in sources if s.now}
    with open(path, errors="replace") as f:
        text = f.read()
    for name, start, test, at in re.findall(
            r"(onerng\d+): (?:(starting: raw samples)|"
            r"health test (\S+) failed at sample (\d+):)", text):
        port = ports.get(name)
        if start:
            started[port] = started.get(port, 0) + 1
        elif port:
            found[port].append((test, int(at)))
            if started.pop(port, 0) != 1:
                disturbed.add(port)
    return found, disturbed


def read_whence(path, sources):
    """Runs of each source, (offset, blocks), and blocks of no source."""
    runs, unknown = {s.port: [] for s in sources}, 0
    with open(path) as f:
        for line in f:
            words = line.split()
            if words[0] == "unknown":
                unknown = int(words[1])
            else:
                file, start, blocks = map(int, words)
                runs[sources[file - 1].port].append((start, blocks))
    return runs, unknown


def say(name, why):
    if why:
        print(f"not_ok|{name}|{'; '.join(why)}")
    else:
        print(f"ok|{name}")


def main():
    before, now = load(sys.argv[2]), load(sys.argv[3])
    with open(sys.argv[4]) as f:
        sources = [Source(line, before, now) for line in f]
    if sys.argv[1] == "ended":
        sys.exit(0 if all(s.ended() for s in sources) else 1)
    failures, disturbed = read_log(sys.argv[5], sources)
    runs, unknown = read_whence(sys.argv[6], sources)
    for s in sources:
        if s.port in disturbed or not runs[s.port]:
            print(f"again|{s.fault} {'/'.join(s.tests)} {s.outcome}")
            continue
        why, row = judge(s, failures[s.port], join(runs[s.port]))
        say(f"fault {s.fault}: {s.outcome}", why)
        print("row|%-14s %-4s %-9s %8s %7s %3s  %s" % row)
    blocks = sum(b for r in runs.values() for _, b in r)
    say("every block that was served is made of 144 samples in a row",
        [f"{unknown} of {blocks + unknown} are not"] if unknown else [])


if __name__ == "__main__":
    main()
