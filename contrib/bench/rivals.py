"""Other ways to run many small tasks, for bench: each does so many no-op tasks, two at a time.

Only what is installed is run: make, xargs, GNU parallel, task-spooler, nq, at from Debian, and
HyperQueue from PyPI where `HQ_PYTHON` names a Python that has it. None of them keeps an
acknowledged task through a kill -9 as Fluster does; HyperQueue's embedded server has no journal.
"""

import os
import re
import resource
import shutil
import subprocess
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")
NOOP = "/bin/true"
QUIET = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def process_cpu(pid):
    """CPU seconds of a process and of all that it has waited for."""
    with open(f"/proc/{pid}/stat") as file:
        return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:15])) / TICK


class Rival:
    """`run(n)` does n tasks and returns when all have ended."""
    name = ""
    # More than this take it minutes.
    most = 100_000
    # Whether its CPU time can be seen: of what daemonises it cannot.
    has_cpu = True

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="rival-")
        self.environment = dict(os.environ)
        self.server = None

    def start(self):
        pass

    def stop(self):
        pass

    def measure(self, size):
        """Seconds, and CPU seconds or None."""
        self.start()
        try:
            def cpu():
                usage = resource.getrusage(resource.RUSAGE_CHILDREN)
                own = usage.ru_utime + usage.ru_stime
                return own + (process_cpu(self.server) if self.server else 0)
            before = cpu()
            begin = time.monotonic()
            self.run(size)
            return time.monotonic() - begin, cpu() - before if self.has_cpu else None
        finally:
            self.stop()
            shutil.rmtree(self.directory, ignore_errors=True)

    def call(self, *words, **more):
        return subprocess.run(words, env=self.environment, **{**QUIET, **more})


class Make(Rival):
    name = "make -j2"

    @staticmethod
    def is_there():
        return shutil.which("make")

    def run(self, size):
        path = f"{self.directory}/Makefile"
        with open(path, "w") as file:
            file.write("all: " + " ".join(f"t{n}" for n in range(size)) + "\n")
            file.writelines(f"t{n}:\n\t@{NOOP}\n" for n in range(size))
        self.call("make", "-s", "-r", "-j2", "-f", path)


class Xargs(Rival):
    name = "xargs -P2"

    @staticmethod
    def is_there():
        return shutil.which("xargs")

    def run(self, size):
        self.call("xargs", "-P2", "-n1", NOOP, stdin=None, input=b"x\n" * size)


class Parallel(Rival):
    name = "GNU parallel -j2"
    most = 1000

    @staticmethod
    def is_there():
        return shutil.which("parallel")

    def run(self, size):
        lines = b"".join(b"%d\n" % n for n in range(size))
        self.call("parallel", "-j2", NOOP, stdin=None, input=lines)


class Spooler(Rival):
    """One client process and descriptor for each queued task: no more than 900."""
    name = "task-spooler"
    most = 900

    @staticmethod
    def is_there():
        return shutil.which("tsp")

    def start(self):
        self.environment.update(
            TS_SOCKET=f"{self.directory}/socket", TMPDIR=self.directory, TS_SLOTS="2",
            TS_MAXFINISHED="10")
        self.call("tsp", "-S", "2")
        import socket
        import struct
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{self.directory}/socket")
            peer = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            self.server = struct.unpack("3i", peer)[0]

    def run(self, size):
        for _ in range(size):
            self.call("tsp", "-n", NOOP)
        while True:
            listed = self.call("tsp", "-l", stdout=subprocess.PIPE, text=True).stdout
            if not re.search(r"(?m)^\d+ +(queued|running)", listed):
                return
            time.sleep(0.005)

    def stop(self):
        self.call("tsp", "-K")


class Nq(Rival):
    """One at a time: it has no slots."""
    name = "nq"
    most = 1000
    has_cpu = False

    @staticmethod
    def is_there():
        return shutil.which("nq")

    def run(self, size):
        self.environment["NQDIR"] = self.directory
        for _ in range(size):
            self.call("nq", "-q", NOOP)
        self.call("nq", "-w")


class At(Rival):
    name = "at"
    most = 300

    @staticmethod
    def is_there():
        return os.path.exists("/usr/sbin/atd") and os.geteuid() == 0

    def start(self):
        self.daemon = subprocess.Popen(["/usr/sbin/atd", "-f", "-b", "1"], **QUIET)
        self.server = self.daemon.pid
        time.sleep(0.3)

    def run(self, size):
        for _ in range(size):
            self.call("at", "-M", "now", stdin=None, input=b"true\n")
        while self.call("atq", stdout=subprocess.PIPE).stdout.strip():
            time.sleep(0.01)

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait()


HYPERQUEUE = r"""
import os, sys
from hyperqueue import Client, Job
from hyperqueue.cluster import LocalCluster, WorkerConfig
directory = sys.argv[1]
if sys.argv[2] == "serve":
    cluster = LocalCluster(directory, WorkerConfig(cores=2))
    print("up", flush=True)
    sys.stdin.read()
    os._exit(0)
client = Client(directory)
print("up", flush=True)
for line in sys.stdin:
    job = Job()
    for _ in range(int(line)):
        job.program(["/bin/true"], stdout=None, stderr=None)
    client.wait_for_jobs([client.submit(job)])
    print("done", flush=True)
"""


class HyperQueue(Rival):
    name = "HyperQueue"

    @staticmethod
    def python():
        return os.environ.get("HQ_PYTHON", "python3")

    @classmethod
    def is_there(cls):
        return subprocess.run([cls.python(), "-c", "import hyperqueue"], **QUIET).returncode == 0

    def start(self):
        def launch(mode):
            process = subprocess.Popen(
                [self.python(), "-c", HYPERQUEUE, self.directory, mode], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            process.stdout.readline()
            return process
        self.daemon = launch("serve")
        self.client = launch("client")
        self.server = self.daemon.pid

    def run(self, size):
        self.client.stdin.write(f"{size}\n")
        self.client.stdin.flush()
        self.client.stdout.readline()

    def stop(self):
        for process in (self.client, self.daemon):
            process.kill()
            process.wait()


ALL = [Make, Xargs, Parallel, Spooler, Nq, At, HyperQueue]
