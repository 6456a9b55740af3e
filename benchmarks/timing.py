"""What the benchmarks share: the machine, turns taken by contenders, medians with their spread.

Standard library only: the peers' interpreters import it too.
"""

import argparse
import contextlib
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path


def machine():
    """Returns one line on the machine: CPU, usable cores, memory, Python, load over the last minute."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{model}, {cores()} cores, {memory:.0f} GiB, Python {platform.python_version()}, "
        f"load average {os.getloadavg()[0]:.1f}"
    )


def cores():
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def positive(text):
    """Reads an int of 1 or more, as a type of `argparse`."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1. Received: {number}")
    return number


def spread(values, digits=1):
    """Returns "median (min..max)" of some numbers."""
    median, low, high = statistics.median(values), min(values), max(values)
    return f"{median:.{digits}f} ({low:.{digits}f}..{high:.{digits}f})"


def ratios(ours, theirs):
    """Returns the ratios ours / theirs pair by pair: what was measured one after the other is compared."""
    return [our / their for our, their in zip(ours, theirs)]


def alternate(contenders, rounds, *, warm_up=1, pause=1.0):
    """Lets contenders take turns, A B A B ..., so that a slow minute of the machine hits them all.

    Args:
        contenders: callables without arguments.
        rounds: turns of each that count.
        warm_up: turns of each before that, whose results are dropped.
        pause: seconds before every turn, in which the threads of the one before go to sleep.

    Returns:
        A list a contender, in their order: what each of its counted turns returned.
    """
    results = [[] for _ in contenders]
    for turn in range(warm_up + rounds):
        for contender, kept in zip(contenders, results):
            time.sleep(pause)
            result = contender()
            if turn >= warm_up:
                kept.append(result)
    return results


def rates(answers, amount):
    """Returns amount per second of each answer."""
    return [amount / answer["seconds"] for answer in answers]


def peer_python():
    """Returns an interpreter that has `requirements-torch.txt`, made on the first call and kept."""
    requirements = Path(__file__).with_name("requirements-torch.txt")
    stamp = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "tfdogs" / f"torch-{stamp}"
    python, ready = home / "bin" / "python", home / "ready"
    if not ready.exists():
        print(f"making {home} from {requirements.name}", flush=True)
        venv.create(home, clear=True, with_pip=True)
        if subprocess.run([python, "-m", "pip", "install", "-q", "-r", requirements], check=False).returncode:
            sys.exit(f"{_script()}: cannot install {requirements}, see above; or give --torch_python")
        ready.touch()
    return python


class Worker:
    """A child process that lives as long as the benchmark and works only when it is told to.

    Args:
        command: the program and its arguments; it calls `serve`.
        **environment: variables to set for it.

    Attributes:
        facts: what the child told `serve` about itself.
    """

    def __init__(self, command, **environment):
        command = [str(part) for part in command]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        try:
            self._process = subprocess.Popen(command, env={**os.environ, **environment}, **pipes)
        except OSError as e:
            sys.exit(f"{_script()}: cannot start {command[0]}: {e.strerror}")
        self.facts = self._read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.communicate()  # closes its input, which ends it

    def run(self, task, amount):
        """Has the child do `amount` of a task; returns its answer, see `serve`."""
        self._process.stdin.write(f"{task} {amount}\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            self._process.communicate()
            sys.exit(f"{_script()}: {' '.join(self._process.args)} ended; its message is above")
        return json.loads(line)


def _script():
    return Path(sys.argv[0]).name


def serve(facts, **tasks):
    """The child's side of `Worker`: does what standard input says until that is closed.

    Every answer has `seconds`, wall time of the task; `cpu_seconds`, of all threads in that time; and
    `idle_cpu_seconds`, since the last answer: near 0, or the child disturbed the others' turns; and what the
    task returned, where that is a dict.

    Args:
        facts: dict that JSON can hold.
        **tasks: functions of one int, by the name under which they are called.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer
    print(json.dumps(facts), file=answers, flush=True)
    idle = time.process_time()
    for line in sys.stdin:
        task, amount = line.split()
        cpu, start = time.process_time(), time.perf_counter()
        told = tasks[task](int(amount))
        answer = {
            "seconds": time.perf_counter() - start,
            "cpu_seconds": time.process_time() - cpu,
            "idle_cpu_seconds": cpu - idle,
            **(told if isinstance(told, dict) else {}),
        }
        idle = time.process_time()
        print(json.dumps(answer), file=answers, flush=True)
