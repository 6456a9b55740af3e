"""A search by successive halving: many recipes for a short time, the best of them for longer, one a core.

    python benchmarks/search.py benchmarks/candidates.txt --data_dir=data/dogs64e --output=runs/search \
      --minutes=20,60,180 --keep=0.33

A line of the candidates' file is a name and flags of tfdogs.train; `#` begins a comment. Every candidate is
trained on one core for the same CPU time, so that other work on the machine favours none, with its
schedules as long as that time lasts (its own img/s, measured in the heat before, or in its first two
minutes): a heat is a run of its own, `OUTPUT/MINUTES/NAME`. It is scored by `tfdogs.evaluate`; a share of
the candidates, those with the lowest FID, goes on to the next heat. The same command resumes where it was
stopped. At the end, and with --table at any time, it prints a row for every run.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import math
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tfdogs import aside

_TICKS = os.sysconf("SC_CLK_TCK")
_TRIAL_SECONDS = 120  # of CPU time
_TRAIN = [sys.executable, "-m", "tfdogs.train"]
_EVALUATE = [sys.executable, "-m", "tfdogs.evaluate", "--num_images=2000"]


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A recipe: its name, and its flags of tfdogs.train."""

    name: str
    flags: tuple


def read_candidates(path):
    """Returns the candidates of a file, in its order."""
    lines = (line.partition("#")[0].split() for line in Path(path).read_text(encoding="utf-8").splitlines())
    found = [Candidate(name, tuple(flags)) for name, *flags in filter(None, lines)]
    names = [candidate.name for candidate in found]
    if len(set(names)) < len(names) or not names:
        sys.exit(f"{path}: needs one candidate a line, with names of their own. Received: {', '.join(names)}")
    return found


def keep_best(candidates, fids, share):
    """Returns the share of the candidates with the lowest FIDs, best first; those without a FID are out."""
    found = [candidate for candidate in candidates if math.isfinite(fids[candidate.name])]
    ranked = sorted(found, key=lambda candidate: fids[candidate.name])
    return ranked[: math.ceil(share * len(ranked))]


def cpu_seconds(pid):
    """Returns the CPU time that a process has used; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Interrupted(Exception):
    """A run was stopped before its time."""


def run_for(command, seconds, *, log, core=None, note=lambda used: None, stop=None):
    """Runs a command on one core until it has used so much CPU time; then it gets SIGTERM, and may save.

    Args:
        command: the program and its arguments.
        seconds: of CPU time.
        log: file that gets what it prints.
        core: number of the core; None for any.
        note: told the CPU seconds used so far, twice a second.
        stop: `threading.Event` that ends it early; None for none.

    Returns:
        (CPU seconds that it has used, whether it ended well or by its time).

    Raises:
        Interrupted: it was stopped early, by `stop` or by a signal from elsewhere.
    """
    pin = [] if core is None else ["taskset", "-c", str(core)]
    used = 0.0
    with Path(log).open("a", encoding="utf-8") as file:
        process = subprocess.Popen(
            [*pin, *command], stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        while process.poll() is None:
            time.sleep(0.5)
            used = max(used, cpu_seconds(process.pid))
            note(used)
            if used >= seconds or (stop and stop.is_set()):
                process.send_signal(signal.SIGTERM)
                process.wait()
    done = used >= seconds or process.returncode == 0
    if not done and ((stop and stop.is_set()) or process.returncode < 0 or process.returncode > 128):
        raise Interrupted(f"stopped after {used:.0f} CPU seconds of {seconds:.0f}: the same command resumes")
    return used, done


class Heat:
    """One round of the search.

    Args:
        minutes: of CPU time for each candidate.
        args: the command line's.
        stop: `threading.Event` after which runs are stopped, and save.
    """

    def __init__(self, minutes, args, stop):
        self.minutes = minutes
        self._args = args
        self._stop = stop
        self._folder = Path(args.output, f"{minutes:g}")

    def run(self, candidate, speed, core):
        """Trains and scores a candidate, unless that is done; returns its facts.

        Args:
            candidate: `Candidate`.
            speed: images a CPU second, as the heat before found; None to measure it.
            core: the core to use.

        Raises:
            Interrupted: it was stopped; nothing is noted but how far it came.
            SystemExit: its name had other flags before.
        """
        run_dir = self._folder / candidate.name
        facts_path = self._folder / f"{candidate.name}.json"
        flags = " ".join(candidate.flags)
        if facts_path.is_file():
            facts = json.loads(facts_path.read_text(encoding="utf-8"))
            if facts["flags"] != flags:
                raise SystemExit(
                    f"{facts_path} is of other flags: give the candidate another name, or delete the file "
                    f"and {run_dir}. Received: {flags}, there: {facts['flags']}"
                )
            return facts
        self._folder.mkdir(parents=True, exist_ok=True)
        log = self._folder / f"{candidate.name}.log"
        places = [f"--data_dir={self._args.data_dir}", f"--model_dir={run_dir}"]
        used_path = self._folder / f"{candidate.name}.used"  # CPU seconds and schedule of a heat under way
        before, kimg = (
            json.loads(used_path.read_text(encoding="utf-8"))
            if used_path.is_file()
            else (0.0, self._schedule(candidate, speed, places, core))
        )

        def note(used):
            aside.write_text(used_path, json.dumps([before + used, kimg]))

        command = [*_TRAIN, *places, *candidate.flags, f"--schedule_kimg={kimg}", "--total_kimg=1000000"]
        within = {"log": log, "core": core, "stop": self._stop}
        used, done = run_for(command, 60 * self.minutes - before, note=note, **within)
        used += before
        scores_path = run_dir / "scores.json"
        score = [*_EVALUATE, *places, f"--output={scores_path}", f"--metrics={self._args.metrics}"]
        done = done and run_for(score, math.inf, **within)[1]
        if not done:
            print(f"{candidate.name} could not be trained or scored: {log} says why", flush=True)
            return {"kimg": 0.0, "minutes": used / 60, "speed": 0.0, "flags": flags, "fid": math.inf}
        scores = json.loads(scores_path.read_text(encoding="utf-8"))["scores"]
        last = json.loads((run_dir / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[-1])
        facts = {
            "kimg": last["kimg"],
            "minutes": used / 60,
            "speed": 1000 * last["kimg"] / used,
            "flags": flags,
            **{name: score["value"] for name, score in scores.items()},
        }
        aside.write_text(facts_path, json.dumps(facts, indent=2) + "\n")
        return facts

    def _schedule(self, candidate, speed, places, core):
        """Returns the thousands of images that the time will see, by `speed` or by a trial of two minutes."""
        if speed is None:
            trial = self._folder / f"{candidate.name}.trial"
            command = [*_TRAIN, places[0], f"--model_dir={trial}", *candidate.flags, "--log_kimg=0.1"]
            began = time.monotonic()
            log = self._folder / f"{candidate.name}.log"
            used, _ = run_for(command, _TRIAL_SECONDS, log=log, core=core, stop=self._stop)
            share = min(1.0, used / (time.monotonic() - began))  # of the core: other work is not its slowness
            metrics = trial / "metrics.jsonl"
            lines = metrics.read_text(encoding="utf-8").splitlines() if metrics.is_file() else []
            shutil.rmtree(trial, ignore_errors=True)
            if len(lines) < 2:
                return 1.0  # it fails in the heat itself, whose row says so
            first, last = json.loads(lines[0]), json.loads(lines[-1])
            speed = 1000 * (last["kimg"] - first["kimg"]) / (share * (last["seconds"] - first["seconds"]))
        return round(speed * 60 * self.minutes / 1000, 3)


def table(output):
    """Returns the rows of all runs that are scored, as Markdown, the best of each heat first."""
    rows = ["| heat, min | run | kimg | img/s of a core | FID | dog score | d | flags |", "|" + " --- |" * 8]
    for folder in sorted((p for p in Path(output).iterdir() if p.is_dir()), key=lambda p: float(p.name)):
        found = [(json.loads(p.read_text(encoding="utf-8")), p.stem) for p in folder.glob("*.json")]
        for facts, name in sorted(found, key=lambda pair: pair[0]["fid"]):
            numbers = [
                f"{facts['kimg']:,.1f}",
                f"{facts['speed']:.0f}",
                f"{facts['fid']:.1f}",
                *(f"{facts[k]:.3f}" if k in facts else "" for k in ("dog_score", "memorization_distance")),
            ]
            rows.append(f"| {folder.name} | {name} | {' | '.join(numbers)} | {facts['flags']} |")
    return "\n".join(rows)


def search(args):
    """Runs the heats, one candidate a core at a time."""
    candidates, speeds, stop = read_candidates(args.candidates), {}, threading.Event()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    for minutes in args.minutes:
        heat, cores = Heat(minutes, args, stop), queue.SimpleQueue()
        for core in args.cores:
            cores.put(core)

        def run(candidate, heat=heat, cores=cores, speeds=speeds):
            core = cores.get()
            try:
                return heat.run(candidate, speeds.get(candidate.name), core)
            finally:
                cores.put(core)

        with concurrent.futures.ThreadPoolExecutor(len(args.cores)) as pool:
            try:
                facts = dict(zip((c.name for c in candidates), pool.map(run, candidates)))
            except BaseException:
                stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        speeds = {name: found["speed"] for name, found in facts.items()}
        candidates = keep_best(candidates, {name: found["fid"] for name, found in facts.items()}, args.keep)
        print(f"{minutes:g} minutes: {', '.join(c.name for c in candidates)} lead", flush=True)
    print(table(args.output))


def main():
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    numbers = lambda kind: lambda text: [kind(part) for part in text.split(",")]  # noqa: E731
    parser.add_argument("candidates", help="file of candidates")
    parser.add_argument("--data_dir", required=True, help="prepared data with a train and an eval split")
    parser.add_argument("--output", required=True, help="folder of all runs")
    parser.add_argument("--minutes", type=numbers(float), default=[20, 60, 180], help="CPU minutes a heat")
    parser.add_argument("--keep", type=float, default=1 / 3, help="share that goes on from heat to heat")
    parser.add_argument("--cores", type=numbers(int), default=sorted(os.sched_getaffinity(0)), help="to use")
    parser.add_argument("--metrics", default="fid,dog_score,mifid", help="of tfdogs.evaluate; fid among them")
    parser.add_argument("--table", action="store_true", help="print the rows that are there, train nothing")
    args = parser.parse_args()
    if args.table:
        print(table(args.output))
        return
    try:
        search(args)
    except (Interrupted, KeyboardInterrupt) as e:
        sys.exit(str(e) or "stopped: the same command resumes")


if __name__ == "__main__":
    main()
