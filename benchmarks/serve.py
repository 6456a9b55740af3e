"""tfdogs.serve under load beside its own SavedModel called in a loop: images per second of each, in turns.

    python benchmarks/serve.py --export_dir=EXPORT

EXPORT is what `python -m tfdogs.export` leaves. Server, clients and loop are a process each, on the same
machine, so the clients' work counts against the server. Every answer is compared with what it has to be, byte
for byte. After the load come clients that ask for one seed a request, of a server that runs waiting requests
together and of one that runs each for itself (--nomerge), in turns; a flood that the queue cannot hold; and a
new version that arrives under load.
Goals: at least 0.9 times the loop's speed, no error, nothing lost, nothing wrong; at least 10 times the
dogs per second where requests of one seed are run together, and a lone client that waits no longer; of
the flood what is not served is refused; of the new version's arrival no request notices anything.
"""

import argparse
import contextlib
import functools
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from timing import Worker, alternate, machine, positive, ratios, spread

from tfdogs.serving import client
from tfdogs.serving.errors import ServingError

_GOAL, _MERGED_GOAL = 0.9, 10
_NAME = "dogs"
_WARM_UP = 5  # seconds of each
_QUEUE, _FLOOD = 8, 64  # places in the queue, and requests that want one
_HERE = Path(__file__).resolve().parent
_LISTENS = re.compile(r"on (http://\S+?)/?$")


@contextlib.contextmanager
def server(export_dir, *switches, **flags):
    """Runs `python -m tfdogs.serve`; gives its URL."""
    given = [*switches, *(f"--{name}={value}" for name, value in flags.items())]
    command = [
        sys.executable,
        "-m",
        "tfdogs.serve",
        f"--export_dir={export_dir}",
        f"--name={_NAME}",
        "--port=0",
    ]
    process = subprocess.Popen([*command, *given], stdout=subprocess.PIPE, text=True)
    try:
        match = next(filter(None, (_LISTENS.search(line.strip()) for line in process.stdout)), None)
        if match is None:
            sys.exit("serve.py: the server ended; its message is above")
        threading.Thread(target=process.stdout.read, daemon=True).start()  # lest its pipe fill up
        yield match[1]
    finally:
        process.terminate()
        if process.wait():
            print(f"the server ended with status {process.returncode}")


def clients(url, args):
    """Returns the `Worker` that asks."""
    return Worker(
        [sys.executable, _HERE / "load_clients.py", url, _NAME, args.clients, args.batch, args.truncation]
    )


def tell(counts):
    """Returns what became of the requests, in words."""
    lost = counts["sent"] - sum(n for name, n in counts.items() if name not in ("sent", "images", "wrong"))
    parts = [f"{counts.get(name, 0):,} {name}" for name in ("sent", "served", "wrong")]
    codes = sorted(set(counts) - {"sent", "served", "images", "wrong"})
    return ", ".join([*parts, f"{lost:,} lost", *(f"{counts[code]:,} {code}" for code in codes)])


def percentile(values, share):
    """Returns the smallest value that `share` of the values do not exceed."""
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def load(version, export_dir, args):
    """Lets clients and loop take turns; prints speeds, ratio and latencies."""
    loop = Worker([sys.executable, _HERE / "saved_model_loop.py", version, args.batch, args.truncation])
    with loop, server(export_dir, concurrency=args.concurrency) as url, clients(url, args) as asking:
        contenders = [
            functools.partial(asking.run, "steady", args.seconds),
            functools.partial(loop.run, "loop", args.seconds),
        ]
        asking.run("steady", _WARM_UP), loop.run("loop", _WARM_UP)
        served, looped = alternate(contenders, args.rounds, warm_up=0)
    speeds = [
        [turn["counts"].get("images", 0) / turn["seconds"] for turn in served],
        [turn["images"] / turn["seconds"] for turn in looped],
    ]
    for turn in served:
        _tell_turn(f"{turn['seconds']:.0f} s", turn, digits=0)
    print(f"{args.clients} clients of {args.batch} images: {spread(speeds[0])} img/s")
    print(f"SavedModel in a loop: {spread(speeds[1])} img/s")
    print(f"ratio: {spread(ratios(*speeds), 2)} (goal: {_GOAL})", flush=True)


def _tell_turn(what, turn, *, digits):
    times = [1000 * seconds for seconds in turn["latencies"]]
    p50, p99 = (percentile(times, share) for share in (0.5, 0.99))
    print(f"  {what}: {tell(turn['counts'])}; p50 {p50:.{digits}f} ms, p99 {p99:.{digits}f} ms")


def singles(export_dir, args):
    """Lets clients ask for one seed a request, of two servers in turns; prints speeds and latencies."""
    options = {"concurrency": args.concurrency, "queue": args.single_clients}
    script = [sys.executable, _HERE / "single_clients.py"]
    with contextlib.ExitStack() as stack:
        urls = [stack.enter_context(server(export_dir, *s, **options)) for s in ([], ["--nomerge"])]
        command = [_NAME, args.single_clients, args.truncation]
        asking = [stack.enter_context(Worker([*script, url, *command])) for url in urls]
        for task in ("many", "lone"):
            for one in asking:
                one.run(task, _WARM_UP)
            who, goal, seconds = "a lone client", 1, max(1, args.seconds // 4)
            if task == "many":
                who, goal, seconds = f"{args.single_clients} clients", _MERGED_GOAL, args.seconds
            turns = [functools.partial(one.run, task, seconds) for one in asking]
            _tell_singles(f"one seed a request, {who}", goal, *alternate(turns, args.rounds, warm_up=0))


def _tell_singles(what, goal, merged, single):
    speeds = [[turn["counts"]["served"] / turn["seconds"] for turn in turns] for turns in (merged, single)]
    for how, turns in (("run together", merged), ("one by one", single)):
        for turn in turns:
            _tell_turn(how, turn, digits=1)
    print(f"{what}, run together: {spread(speeds[0])} dogs/s")
    print(f"{what}, one by one: {spread(speeds[1])} dogs/s")
    print(f"ratio: {spread(ratios(*speeds), 2)} (goal: {goal})", flush=True)


def flood(export_dir, args):
    """Asks for more than the queue holds; prints what was served and what was refused."""
    with server(export_dir, concurrency=1, queue=_QUEUE) as url, clients(url, args) as asking:
        counts = asking.run("flood", _FLOOD)["counts"]
        after = asking.run("flood", 1)["counts"]
    print(
        f"flood of {_FLOOD} at 1 thread and {_QUEUE} places: {tell(counts)}; then one more: {tell(after)}",
        flush=True,
    )


def reload(version, export_dir, args):
    """Puts a new version beside the served one while clients ask; prints what they noticed."""
    newer = export_dir / str(int(version.name) + 1)
    seen = []

    def arrive(url):
        time.sleep(args.seconds / 4)
        aside = export_dir / f".{newer.name}"
        shutil.copytree(version, aside)
        aside.rename(newer)
        with contextlib.suppress(ServingError), client.connect(url, name=_NAME, deadline=args.seconds) as one:
            while (int(newer.name), "AVAILABLE") not in one.status():
                time.sleep(0.1)
            seen.append(time.perf_counter())

    with server(export_dir, concurrency=args.concurrency) as url, clients(url, args) as asking:
        arrival = threading.Thread(target=arrive, args=[url], daemon=True)
        arrival.start()
        counts = asking.run("steady", args.seconds)["counts"]
        within = bool(seen)
    state = "served before the load ended" if within else "NOT yet served when the load ended"
    print(f"version {newer.name} arrives under load, {state}: {tell(counts)}", flush=True)


def main():
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--export_dir", required=True, help="what python -m tfdogs.export has left")
    parser.add_argument("--batch", type=positive, default=32, help="images a request (default 32)")
    parser.add_argument("--clients", type=positive, default=8, help="that ask at the same time (default 8)")
    parser.add_argument(
        "--single_clients", type=positive, default=64, help="that ask for one seed a request (default 64)"
    )
    parser.add_argument("--concurrency", type=positive, default=2, help="the server's threads (default 2)")
    parser.add_argument("--truncation", type=float, default=1.0, help="of all images (default 1.0)")
    parser.add_argument("--seconds", type=positive, default=60, help="a turn (default 60)")
    parser.add_argument("--rounds", type=positive, default=3, help="turns of each that count (default 3)")
    args = parser.parse_args()
    versions = [path for path in Path(args.export_dir).iterdir() if path.name.isdigit()]
    if not versions:
        parser.error(f"--export_dir must hold a version's folder. Received: {args.export_dir}")
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        # A copy of the newest version alone, beside which another one can be put.
        newest = max(versions, key=lambda path: int(path.name))
        version = Path(folder, "export", newest.name)
        shutil.copytree(newest, version)
        load(version, version.parent, args)
        singles(version.parent, args)
        flood(version.parent, args)
        reload(version, version.parent, args)


if __name__ == "__main__":
    main()
