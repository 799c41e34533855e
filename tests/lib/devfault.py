"""Faults of devices, one after another at each of several ports.

devfault.py CONTROL SIM LOG FOLDER ROUND PORTS   CONTROL is the agent's socket,
    SIM the command line's first words that reach the simulator, LOG what the
    agent logs, FOLDER has the noise of the ports; device 1 stays well.  Prints
    ok|NAME, not_ok|NAME|REASON, row|... and gaps|N, how many of the faults took
    samples out of the stream.

A row is tried again, at most twice more, if the agent made something else of
it: a starved reader sees silence where there is none.  Samples of a failing
window that were released are never excused.
"""
import collections
import json
import re
import socket
import subprocess
import sys
import time

PATIENCE = 60  # seconds for each step of a row
WELL = 12000   # samples behind the start-up test before a row begins
UNSEEN = 60000  # samples until what was not noticed is not noticed
RETRIES = 2
RELEASED = "samples of the failing window were released"

RUNGS = ("", "commands again (1 of 4)", "DTR (2 of 4)",
         "interface again (3 of 4)", "device (4 of 4)")

# seen: what the agent must say of it, the last word of which is for the table;
# None if it goes on as if nothing had been.  "at": live, on a device that
# serves; plug, before it is plugged in; test, live, then a self-test, whose
# start sends commands.  cure: what brings it back: itself, clear (the fault
# ends and nothing else is done), replug, reload, claim.
Row = collections.namedtuple(
    "Row", "name fault at seen by cure after gap",
    defaults=("live", None, "-", "itself", UNSEEN, 0))


def health(name, fault, tests, cure):
    return Row(name, fault, seen=rf"health test (?:{tests}) failed at sample",
               by="health", cure=cure)


def rung(name, fault, trouble, n, at="live"):
    return Row(name, fault, at, seen=f"recovering: {trouble}: .*{n} of 4", by=n)


def dead(name, fault, cure):
    return Row(name, fault, seen="failed: silence after every means",
               by="ladder", cure=cure)


def fine(name, fault, at="live", after=UNSEEN, gap=0):
    return Row(name, fault, at, after=after, gap=gap)


def leaves(name, fault, at="live", cure="replug"):
    return Row(name, fault, at, seen="gone: ", by="departure", cure=cure)


def opening(name, fault, why, cure="clear"):
    return Row(name, fault, "plug", seen=f"checking: attempt 1 failed: {why}",
               by="opening", cure=cure)


ROUNDS = {
    # No served byte may be made of anything but noise in a row.
    "noise": [
        dead("F01 stuck at 0", "stuck-source 0", "clear"),
        dead("F01 stuck at 1", "stuck-source 1", "replug"),
        health("F02 constant", "constant", "rct-byte", "replug"),
        health("F04 period 64", "periodic 64", "dup", "replug"),
        health("F05 64 bytes again", "repeat 64", "dup", "itself"),
        health("F05 7168 again", "repeat 7168", "dup", "itself"),
        dead("F07 silence", "silence never", "clear"),
        dead("F08 until replugged", "silence replug", "replug"),
        rung("F08 until cmdO", "silence command", "silence", 1),
        rung("F08 until DTR", "silence dtr", "silence", 2),
        rung("F08 until SET_INTF", "silence interface", "silence", 3),
        rung("F08 until reset", "silence reset", "silence", 4),
        leaves("F09 gone in a read", "unplug-at read 5000"),
        leaves("F09 in a write", "unplug-at write 1", "test"),
        leaves("F09 in a control", "unplug-at control 1", "plug"),
        leaves("F09 in a dump", "unplug-at dump 100000", "plug"),
        leaves("F10 replugged", "replug 500", cure="itself"),
        rung("F13 overflow", "overflow", "oversized packet", 1),
        rung("F29 halt IN", "halt in", "endpoint halted", 3),
        rung("F30 second opener", "second-opener", "silence", 2),
        leaves("F31 one unplugged", "unplug"),
        rung("error of a read", "error-in", "transfer failed", 1),
    ],
    # Served from until they are seen: 44-fault-matrix.sh traces that.
    "lean": [
        health("F03 bias 0.60", "bias 0.60", "trend|rct-bit|apt-bit", "replug"),
        health("F03 bias 0.75", "bias 0.75",
               "rct-bit|rct-byte|apt-bit|apt-byte", "replug"),
        fine("F03 bias 0.55", "bias 0.55"),
        health("F04 correlated", "correlated 0.75",
               "rct-bit|rct-byte|apt-bit|apt-byte|trend", "replug"),
    ],
    # Found or borne while it opens, or not noticed at all.
    "open": [
        fine("F06 slow: 1000 B/s", "slow 1000", after=3000),
        fine("F11 bus reset", "bus-reset", gap=1),
        fine("F12 empty packets", "short 0 10"),
        fine("F12 short packets", "short 13 50"),
        opening("F25 OUT lost", "out-drop 1", "no answer to the image"),
        opening("F25 OUT refused", "out-nak", ".*"),
        fine("F25 OUT slow", "out-slow 1000", "plug"),
        fine("F26 parser: cmd", "parser cmd", "test"),
        fine("F26 parser: cmdS12", "parser cmdS12", "test"),
        fine("F27 starts late", "slow-start 3000", "plug"),
        fine("F28 toggle", "toggle", gap=1),
        fine("F33 none", "none"),
        fine("F32 suspended", "suspend keep 300", gap=1),
        Row("F32 without power", "suspend lose 300", seen="recovering: silence",
            by="watchdog"),
    ],
    "reload": [
        health("F02 constant", "constant 0x69", "rct-byte", "claim"),
        health("F04 period 64", "periodic 64", "dup", "claim"),
        dead("F01 stuck at 0", "stuck-source 0", "reload"),
    ],
}


class Agent:
    """The agent as its status, its log and the simulator show it."""

    def __init__(self, control, sim, log, folder):
        self.control, self.sim = control, sim.split()
        self.log, self.folder = log, folder

    def ask(self, **request):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(self.control)
            s.sendall(json.dumps(request).encode() + b"\n")
            with s.makefile() as answer:
                return json.loads(answer.readline())

    def look(self):
        status = self.ask(cmd="status")["result"]
        self.devices = {d["port"]: d for d in status["devices"]}
        self.state, self.pid = status["state"], status["pid"]
        self.delivered = sum(c["delivered"] for c in status["consumers"])
        with open(self.log, errors="replace") as f:
            self.lines = f.read().splitlines()

    def tell(self, port, words):
        subprocess.run(self.sim + [f"@{port[2:]}"] + words.split(), check=True,
                       stdout=subprocess.DEVNULL, timeout=20)

    def noise(self, port, file=None):
        self.tell(port, f"noise file={self.folder}/{file or port[2:]}")


class Port:
    """Takes a device through one row after another: a step each time that
    the agent has been looked at."""

    def __init__(self, agent, port, rows):
        self.agent, self.port, self.rows = agent, port, rows
        self.row, self.tries, self.gaps = None, 0, 0
        self.empty()

    @property
    def dev(self):
        return self.agent.devices.get(self.port)

    def empty(self):
        self.agent.tell(self.port, "clear")
        if self.dev and self.dev["state"] != "gone":
            self.agent.tell(self.port, "unplug")
        self.enter("unplugged")

    def samples(self):
        return self.dev["health"]["samples"]

    def enter(self, step):
        self.at, self.since = step, time.monotonic()

    def report(self):
        """What the agent said of this device since the fault."""
        name = (self.dev or {}).get("name", "none") + ": "
        return [line[line.index(name) + len(name):]
                for line in self.agent.lines[self.first_line:] if name in line]

    def step(self):
        if self.at == "done":
            return
        getattr(self, self.at)()
        if self.at == "done" or time.monotonic() - self.since < PATIENCE:
            return
        stuck = f"{self.at} for {PATIENCE} s: {self.dev and self.dev['state']}"
        if self.row is None:
            sys.exit(f"{self.port}: {stuck}")
        self.judge([stuck])

    def mark(self):
        """The fault is about to begin."""
        health = self.dev["health"] if self.dev and "health" in self.dev \
            else {"samples": 0, "reset_at": 0, "resets": 0}
        self.first_line = len(self.agent.lines)
        self.before = health
        self.neighbour = self.agent.devices["1-1"]["health"]["conditioned"]
        self.delivered = self.agent.delivered

    def unplugged(self):
        if self.dev and self.dev["state"] != "gone":
            return
        if self.row is None:
            if not self.rows:
                self.enter("done")
                return
            self.row, self.tries = self.rows.popleft(), 0
        self.agent.noise(self.port)
        self.enter("serving")
        if self.row.at == "plug":
            self.mark()
            self.agent.tell(self.port, f"fault {self.row.fault}")
            self.enter("watching")
        self.agent.tell(self.port, "plug")

    def runs_since(self, samples):
        return self.dev and self.dev["state"] == "running" and \
            self.samples() >= samples

    def serving(self):
        if not self.runs_since(0) or \
                self.samples() - self.dev["health"]["reset_at"] < 4096 + WELL:
            return
        self.mark()
        self.agent.tell(self.port, f"fault {self.row.fault}")
        if self.row.at == "test":
            self.agent.ask(cmd="selftest", device=self.dev["name"])
        self.enter("watching")

    def watching(self):
        if self.row.seen is None:
            if self.runs_since(self.before["samples"] + self.row.after):
                self.judge([])
            return
        if not any(re.search(self.row.seen, s) for s in self.report()):
            return
        self.enter("settling")

    def settling(self):
        """Until it is where it stays without help."""
        wanted = {"replug": ("failed", "gone"), "reload": ("failed",),
                  "claim": ("failed",)}
        if self.row.cure in wanted:
            if self.dev["state"] not in wanted[self.row.cure]:
                return
            if self.row.by == "health" and \
                    not self.dev["detail"].startswith("health test"):
                return
        if self.row.cure in ("reload", "claim"):
            self.agent.tell(self.port, "clear")
            self.agent.noise(self.port, "spare")
        if self.row.cure == "reload":
            subprocess.run(["kill", "-HUP", str(self.agent.pid)], check=True)
        elif self.row.cure == "claim":
            self.agent.ask(cmd="device-claim", device=self.port)
        elif self.row.cure == "replug":
            if self.dev["state"] != "gone":
                self.agent.tell(self.port, "unplug")
            self.enter("departing")
            return
        elif self.row.cure == "clear":
            self.agent.tell(self.port, "clear")
        self.enter("returning")

    def departing(self):
        if self.dev["state"] != "gone":
            return
        if "until replugged" not in self.row.name:
            self.agent.tell(self.port, "clear")
            self.agent.noise(self.port)
        self.agent.tell(self.port, "plug")
        self.enter("returning")

    def returning(self):
        if not self.runs_since(0) or \
                self.samples() - self.dev["health"]["reset_at"] < 4096 + 1024:
            return
        self.judge([])

    def states(self):
        states = []
        for line in self.report():
            word = re.match(r"(opening|checking|starting|running|paused|"
                            r"recovering|failed|gone):?( |$)", line + " ")
            if word and (not states or states[-1] != word[1]):
                states.append(word[1])
        return states

    def health_row(self):
        """Of the first failure: reasons why it is not well, test, samples."""
        first = next((m for m in (re.search(
            r"health test (\S+) failed at sample (\d+)", s)
            for s in self.report()) if m), None)
        last = self.dev["health"]["last_failure"] or {}
        why = []
        if first is None:
            return ["no health test failed"], "-", "-", "-"
        if last.get("released"):
            why.append(RELEASED)
        before = self.before["samples"] - self.before["reset_at"]
        return (why, first[1], f"<= {int(first[2]) - before}",
                last.get("released"))

    def judge(self, why):
        row = self.row
        by, leak = row.by, "-"
        after = {"opening": "first attempt", "ladder": "all four"}.get(by, "-")
        if row.by == "health":
            whys, by, after, leak = self.health_row()
            why += whys
        elif isinstance(row.by, int):
            by, after = "watchdog", RUNGS[row.by]
            if "silence" not in row.seen:
                by = "transfer"
            higher = [s for s in self.report() if any(
                f"({n} of 4)" in s for n in range(row.by + 1, 5))]
            why += [f"rung {row.by} was not enough: {s}" for s in higher[:1]]
        states = self.states()
        if row.seen is None:
            bad = [s for s in states if s in ("recovering", "failed", "gone")]
            why += [f"it was noticed: {s}" for s in bad]
        if self.agent.devices["1-1"]["health"]["conditioned"] <= \
                self.neighbour:
            why.append("the neighbour gave nothing")
        if self.agent.delivered <= self.delivered:
            why.append("the peer got nothing")
        if why and RELEASED not in why and self.tries < RETRIES:
            self.tries += 1
            print(f"again|{row.name}: {'; '.join(why)}; "
                  f"{self.report()[-3:]}")
        else:
            verdict = f"not_ok|{row.name}|{'; '.join(why)}" if why \
                else f"ok|{row.name}"
            print(verdict)
            print("row|%-20s %-9s %-28s %-6s %-33s %s" % (
                row.name, "no" if row.seen is None else by, after, leak,
                " ".join(states) or "running", row.cure))
            self.gaps += row.gap
            self.row = None
        sys.stdout.flush()
        self.empty()


def watch_neighbour(agent, seen):
    state = agent.devices["1-1"]["state"]
    if state in ("failed", "gone"):
        seen.add(f"the neighbour is {state}")
    if agent.state != "serving":
        seen.add(f"the agent is {agent.state}")


def main():
    control, sim, log, folder, name, count = sys.argv[1:]
    agent = Agent(control, sim, log, folder)
    rows = collections.deque(ROUNDS[name])
    agent.look()
    ports = [Port(agent, f"1-{n}", rows) for n in range(2, 2 + int(count))]
    bad = set()
    while any(p.at != "done" for p in ports):
        for p in ports:
            p.step()
        time.sleep(0.1)
        agent.look()
        watch_neighbour(agent, bad)
    for reason in bad:
        print(f"not_ok|{name}: the neighbour serves on|{reason}")
    if not bad:
        print(f"ok|{name}: the neighbour serves on")
    print(f"gaps|{sum(p.gaps for p in ports)}")


if __name__ == "__main__":
    main()
