"""Ingest on Apache Beam, from pictures to a data_dir: two worker processes beside one, in turns.

    python benchmarks/beam_ingest.py                                         drawn dogs
    python benchmarks/beam_ingest.py --images=images.tar --annotations=annotation.tar

A turn is ExampleGen and then Transform, as the pipeline executes them, in a process of its own, timed from
the end of its imports: one process works in itself; two are forked from a third that imports Beam meanwhile,
as for pipeline.run, and what is left of that counts. Both must make the same data_dir. Goal: a ratio of at
least 1.6 on 2 cores.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from timing import alternate, machine, positive, ratios, spread

from pipeline.beam.importing import import_beam

GOAL = 1.6
SIZE = 64


def ingest(args):
    """One turn; prints its seconds by component, those of the imports before, and what it made."""
    started = time.perf_counter()
    import_beam(workers=args.workers)  # as pipeline.run does
    from pipeline.components.example_gen import ExampleGen
    from pipeline.components.transform import Transform
    from pipeline.core.artifact import Artifact
    from pipeline.core.contract import Parameter
    from pipeline.examples.raw_examples import RawExamples
    from tfdogs.data.manifest import Manifest

    root = Path(args.output)
    examples, data_dir = root / "examples", root / "work" / "data"
    examples.mkdir()
    data_dir.mkdir(parents=True)
    source = {"images": args.images, "annotations": args.annotations, "image_size": SIZE}
    defaults = {k: spec.default for k, spec in ExampleGen.declared(Parameter).items() if not spec.required}
    began = time.perf_counter()
    ExampleGen.execute(examples=examples, **{**defaults, **source, "workers": args.workers})
    taken = time.perf_counter()
    artifact = Artifact("Examples", examples, RawExamples.load(examples).fingerprint)
    Transform.execute(
        examples=artifact,
        anomalies=None,
        transformed_examples=data_dir,
        config=json.dumps({"image_size": SIZE}),
        workers=args.workers,
        beam_args="",
    )
    ended = time.perf_counter()
    manifest = Manifest.load(data_dir)
    made = [manifest.fingerprint, manifest.counts["read"]]
    print(json.dumps([taken - began, ended - taken, began - started, *made]))


def turn(args, workers):
    """Returns what `ingest` printed, from a process of its own."""
    with tempfile.TemporaryDirectory(prefix="beam-ingest-") as folder:
        flags = [f"--images={args.images}", f"--annotations={args.annotations}"]
        flags += [f"--workers={workers}", f"--output={folder}"]
        done = subprocess.run([sys.executable, __file__, *flags], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr)
        sys.exit(f"beam_ingest.py: {workers} workers failed; the message is above")
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Lets both take turns, and prints."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--images", default="paper_dogs:4000", help="as of tfdogs.prepare")
    parser.add_argument("--annotations", default="", help="as of tfdogs.prepare")
    parser.add_argument("--rounds", type=positive, default=3, help="turns of each")
    parser.add_argument("--workers", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if args.output:
        ingest(args)
        return
    print(machine())
    one, two = alternate([lambda: turn(args, 1), lambda: turn(args, 2)], args.rounds, warm_up=0)
    (made,) = {tuple(answer[3:]) for answer in one + two}  # all the same data_dir
    print(f"{made[1]:,} pictures, data_dir {made[0][:12]}")
    for name, answers in (("1 process", one), ("2 processes", two)):
        seconds = [answer[0] + answer[1] for answer in answers]
        parts = f"ExampleGen {spread([a[0] for a in answers])}, Transform {spread([a[1] for a in answers])}"
        print(f"{name:12} {spread(seconds)} s   {parts}; imports before: {spread([a[2] for a in answers])}")
    found = ratios([a[0] + a[1] for a in one], [a[0] + a[1] for a in two])
    print(f"ratio {spread(found, 2)}, goal {GOAL}")


if __name__ == "__main__":
    main()
