#!/usr/bin/env python3
"""A rank without MPI and without an application: speaks tools/protocol.h with the coordinator like the lower half does.

Installed by tools_commands_test.py in the place of mana-lower-openmpi. What it shall do wrong comes in FAKE:
  seconds=N         how long the program runs (default 0.5)
  until=PATH        it ends earlier when there is such a file
  exit=N            its exit status
  die=PHASE         ends without a word when told PHASE (quiesce, park, drain, write)
  fail=PHASE        answers FAILED with ENOSPC
  slow=PHASE        does not answer for 3 seconds, or for=N
  never_init        does not say that it has called MPI_Init
  leaves=RANK       that rank leaves a barrier as all are parked for the first time, the others leave it afterwards
  duplicates=N      communicators of it are being duplicated for N seconds more when the ranks are parked
  collective        loops over collectives on one communicator instead of computing
  spawns            rank 0 asks for one process
  rebuilds=RANK     that rank takes half a second to be rebuilt after a restart, and tells what it is sent meanwhile
  absent            a spawned process never comes to MPI_Init; with `only`, that rank
  request=1, =2     asks for a checkpoint itself (2: with stop)
  executes=WHEN     executes another program; the connection ends first, or is seen to end after the next has begun (WHEN=seen)
  only=RANK         the faults are of this rank
"""
import os, select, socket, struct, sys, time

TYPES = """hello welcome state request answer spawn spawn_failed ready begin abandon name quiesce counts gate gate_plain enter left blocked park parked drain drained
write written failed resume stop cancel resumed status_query status_reply tool_request progress outcome""".split()
NUMBER = {name: i + 1 for i, name in enumerate(TYPES)}


def text(s):
    data = s if isinstance(s, bytes) else s.encode()
    return struct.pack("<I", len(data)) + data


def counts(pairs):
    return struct.pack("<I", len(pairs)) + b"".join(struct.pack("<QQ", *p) for p in pairs)


NOBODY_INSIDE = struct.pack("<III", 0, 0, 0xFFFFFFFF)  # and all admissions taken up


def frame(kind, epoch=0, payload=b"", magic=0x616E616D, version=8):
    return struct.pack("<IHHII", magic, version, NUMBER.get(kind, 99), epoch, len(payload)) + payload


class Rank:
    def __init__(self):
        env = os.environ
        self.rank = int(env.get("OMPI_COMM_WORLD_RANK") or env.get("PMI_RANK") or 0)
        self.size = int(env.get("OMPI_COMM_WORLD_SIZE") or env.get("PMI_SIZE") or 1)
        self.fake = dict((item.split("=") + ["1"])[:2] for item in env.get("FAKE", "").split(",") if item)
        if int(self.fake.get("only", self.rank)) != self.rank:
            self.fake = {k: v for k, v in self.fake.items() if k in ("seconds", "until", "collective", "leaves", "spawns")}
        self.restarted = "--restart" in sys.argv
        self.entered, self.phase, self.epoch, self.held = 0, None, 0, False
        self.connect()

    def connect(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.environ["MANA_COORDINATOR"])

    def say(self, kind, payload=b"", epoch=None):
        self.socket.sendall(frame(kind, self.epoch if epoch is None else epoch, payload))

    def receive(self):
        head = self.socket.recv(16, socket.MSG_WAITALL)
        if len(head) < 16:
            sys.exit(9)
        _, _, kind, epoch, length = struct.unpack("<IHHII", head)
        return TYPES[kind - 1], epoch, self.socket.recv(length, socket.MSG_WAITALL) if length else b""

    def counters(self):
        return counts([(257, self.entered)])

    def hello(self):
        self.say("hello", text(os.environ.get("MANA_TOKEN", "")) + struct.pack("<iii", self.rank, self.size, os.getpid())
                 + text("host") + struct.pack("<III", 1, 1, int(self.restarted)), 0)

    def execute(self):
        self.say("state", struct.pack("<II", 4, 0), 0)
        old = self.socket
        if self.fake["executes"] == "first":
            old.close()
            time.sleep(0.2)
        self.connect()
        self.hello()
        time.sleep(0.2)
        old.close()

    def start(self):
        self.hello()
        if "executes" in self.fake:
            self.execute()
        if "MANA_SPAWN" in os.environ:
            self.await_all()
        if self.restarted:
            if self.fake.get("rebuilds") == str(self.rank):
                time.sleep(0.5)
                while select.select([self.socket], [], [], 0)[0]:
                    print("too early:", self.receive()[0], flush=True)
            self.say("resumed", b"", 0)
        elif "never_init" not in self.fake:
            self.say("state", struct.pack("<II", 1, 1), 0)
        if "spawns" in self.fake and "MANA_SPAWN" not in os.environ and self.rank == 0:
            self.say("spawn", struct.pack("<Qi", 1, 1) + text("1 1\n1 /tmp child\n"), 0)
        if "request" in self.fake:
            self.say("request", struct.pack("<I", int(self.fake["request"]) - 1), 0)

    def await_all(self):
        if "absent" in self.fake:
            time.sleep(0.3)
            sys.exit(0)
        self.say("ready", b"", 0)
        kind = ""
        while kind not in ("begin", "abandon"):
            kind, _, _ = self.receive()
        print(f"rank {self.rank} of {self.size}: {kind}", flush=True)
        if kind == "abandon":
            sys.exit(0)

    def handle(self, kind, epoch, payload):
        if self.fake.get("die") == kind:
            os._exit(7)
        if self.fake.get("slow") == kind:
            time.sleep(float(self.fake.get("for", 3)))
        if self.fake.get("fail") == kind:
            self.epoch, self.phase = epoch, kind  # until it is told to resume
            return self.say("failed", struct.pack("<i", 28) + text("no space: needs 5 bytes, 3 are free"), epoch)
        if kind == "quiesce":
            self.epoch, self.phase = epoch, kind
            self.say("counts", self.counters() + NOBODY_INSIDE)
        elif kind == "enter":
            self.held = False
            self.entered += 1
            self.say("left", self.counters() + NOBODY_INSIDE)
        elif kind == "park":
            self.phase, self.held = kind, False
            self.entered += self.entered == 0 and self.fake.get("leaves") == str(self.rank)
            if "duplicates" in self.fake:
                self.say("parked", self.counters() + struct.pack("<IiiI", 1, 0, 0, 0))
                if select.select([self.socket], [], [], float(self.fake["duplicates"]))[0]:
                    return  # it is cancelled
            self.say("parked", self.counters() + struct.pack("<IiiI", 0, 0, 0, 0))
        elif kind == "drain":
            self.say("drained")
        elif kind == "write":
            directory = payload[4:].decode()
            name = f"rank-{self.rank}.mana"
            with open(f"{directory}/{name}", "wb") as file:
                file.write(b"image of a fake")
            self.say("written", struct.pack("<QQQ", 15, 1, 2) + text(name) + struct.pack("<I", 1) + text("socket 5 is not saved"))
        elif kind in ("resume", "cancel"):
            if self.phase:
                self.phase, self.held = None, False
                self.say("resumed")
            if kind == "cancel" and "leaves" in self.fake:
                self.entered = 1
                print("again" if payload.endswith(struct.pack("<I", 1)) else "given up", file=sys.stderr, flush=True)
        elif kind == "stop":
            sys.exit(0)

    def run(self):
        self.start()
        end = time.time() + float(self.fake.get("seconds", 0.5))
        until = self.fake.get("until", "")
        while (time.time() < end and not os.path.exists(until)) or self.phase:
            # A collective that does not wait for the others: ranks get far apart, as with Bcast.
            if "collective" in self.fake and self.phase is None:
                self.entered += 1
                time.sleep(0.001 * (1 + self.rank))
            elif "collective" in self.fake and self.phase == "quiesce" and not self.held:
                self.held = True
                self.say("gate", struct.pack("<QQ", 257, self.entered + 1) + self.counters() + NOBODY_INSIDE)
            if select.select([self.socket], [], [], 0.002 if "collective" in self.fake else 0.05)[0]:
                self.handle(*self.receive())
        self.say("state", struct.pack("<II", 2, 1), 0)
        print(f"rank {self.rank} of {self.size} done:", *map(repr, sys.argv[1:]), flush=True)
        return int(self.fake.get("exit", 0))


if __name__ == "__main__":
    sys.exit(Rank().run())
