"""`python -m tfdogs.prepare` beside a plain Pillow loop in one process: pictures per second, in turns.

    python benchmarks/prepare.py                                         paper dogs
    python benchmarks/prepare.py --images=images.tar --annotations=annotation.tar

Both sides are whole commands, from the start of Python to the last shard, and do the same work on the same
files: decode, crop a square round every box, resize with antialiasing to 64 px, judge, hash, encode as PNG
(the loop with Pillow, at the fastest level that compresses), drop exact duplicates, shuffle, write TFRecord
shards. They must keep the same number of crops: what the command decides by a look at other crops (narrower
ones, softness, near duplicates) is switched off. It also splits, counts, lists what it rejects and draws
sheets. Goal: a ratio of at least 1.7 on 2 cores.
"""

import argparse
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from timing import alternate, cores, machine, ratios, spread

GOAL = 1.7
SIZE = 64
# No crop is judged beside others.
PLAIN = {"max_other": 1.0, "max_aspect": 1000.0, "max_blur": -1.0, "near_duplicate_bits": -1}


def loop(images, annotations, output):
    """The plain loop; prints how many pictures it read and how many crops it kept."""
    import numpy as np
    import tensorflow as tf
    from PIL import Image

    from tfdogs.data.doctor import laplacian_variance
    from tfdogs.data.near_duplicates import perceptual_hash
    from tfdogs.data.prepare_config import PrepareConfig
    from tfdogs.data.sources.open import open_source

    source = open_source(images, annotations=annotations, image_size=SIZE)
    limits = PrepareConfig(images=images, output_dir=output, **PLAIN).resolve(source)
    photographs = limits.checks == "photos"
    crops, classes = [], {}
    for item in source.items():
        if item.problem:
            continue
        data = source.load(item)
        picture = Image.open(io.BytesIO(data)) if isinstance(data, bytes) else data
        hashlib.blake2b(data if isinstance(data, bytes) else data.tobytes(), digest_size=16).digest()
        picture = picture.convert("RGB")
        perceptual_hash(np.asarray(picture.convert("L").resize((64, 64), Image.Resampling.BOX), np.float32))
        for box in clamped(item, *picture.size):
            left, top, side = square(box, *picture.size)
            area = (left, top, left + side, top + side)
            if side < limits.min_side:
                continue
            crop = picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS, box=area, reducing_gap=3.0)
            luma = np.asarray(crop.convert("L"), np.float32)
            if photographs and np.abs(luma - np.median(luma)).mean() < limits.min_contrast:
                continue
            if photographs and laplacian_variance(luma) < limits.min_sharpness:
                continue
            png = io.BytesIO()
            crop.save(png, "PNG", compress_level=1)
            digest = hashlib.blake2b(crop.tobytes(), digest_size=16).digest()
            label = classes.setdefault(item.class_name, len(classes))
            crops.append((png.getvalue(), label, item.name, area, perceptual_hash(luma), digest))
    crops = list({crop[5]: crop for crop in reversed(crops)}.values())
    random.Random(0).shuffle(crops)
    Path(output).mkdir()
    for start in range(0, len(crops), limits.shard_size):
        with tf.io.TFRecordWriter(f"{output}/train-{start:08d}.tfrecord") as writer:
            for png, label, name, area, *_ in crops[start : start + limits.shard_size]:
                writer.write(example(tf, png, label, name, area))
    print(len(source), len(crops))


def example(tf, png, label, name, area):
    """Returns a serialized tf.train.Example."""
    feature = {
        "image/encoded": tf.train.Feature(bytes_list=tf.train.BytesList(value=[png])),
        "image/format": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"png"])),
        "image/class/label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        "image/source": tf.train.Feature(bytes_list=tf.train.BytesList(value=[name.encode()])),
        "image/crop": tf.train.Feature(float_list=tf.train.FloatList(value=area)),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def clamped(item, width, height):
    """Returns an item's boxes clamped to its picture, without those that repeat an earlier one."""
    if item.boxes is None:
        return [(0, 0, width, height)]
    x, y = (width / item.frame[0], height / item.frame[1]) if item.frame else (1, 1)
    boxes = []
    for left, top, right, bottom in item.boxes:
        box = max(left * x, 0), max(top * y, 0), min(right * x, width), min(bottom * y, height)
        if box[2] - box[0] < 1 or box[3] - box[1] < 1:
            continue
        size = (box[2] - box[0]) * (box[3] - box[1])
        both = [(shared(box, b), size + (b[2] - b[0]) * (b[3] - b[1])) for b in boxes]
        if all(part <= 0.8 * (total - part) for part, total in both):
            boxes.append(box)
    return boxes


def square(box, width, height):
    """Returns left, top and side of the square round a box, moved into the picture."""
    side = min(max(box[2] - box[0], box[3] - box[1]), width, height)
    left = min(max((box[0] + box[2] - side) / 2, 0), width - side)
    top = min(max((box[1] + box[3] - side) / 2, 0), height - side)
    return left, top, side


def shared(a, b):
    """Returns the area that two boxes share."""
    return max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)


def ours(args, output):
    """Runs the command; returns how many pictures it read and how many crops it kept."""
    flags = [f"--images={args.images}", f"--annotations={args.annotations}", f"--output_dir={output}"]
    flags += [f"--image_size={SIZE}", f"--workers={args.workers}"]
    flags += [f"--{name}={value}" for name, value in PLAIN.items()]
    run([sys.executable, "-m", "tfdogs.prepare", *flags])
    counts = json.loads((output / "dataset.json").read_text(encoding="utf-8"))["counts"]
    return counts["read"], counts["crops"]["kept"]


def theirs(args, output):
    """Runs the plain loop in a process of its own; returns how many pictures it read and crops it kept."""
    flags = [f"--images={args.images}", f"--annotations={args.annotations}", f"--output={output}"]
    read, kept = run([sys.executable, __file__, "--loop", *flags]).split()[-2:]
    return int(read), int(kept)


def run(command):
    """Returns what a command prints; ends the benchmark with its message where it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stderr)
        sys.exit(f"prepare.py: {' '.join(command)} failed; its message is above")
    return done.stdout


def main():
    """Lets both take turns, and prints."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--images", default="paper_dogs:4000", help="as of tfdogs.prepare")
    parser.add_argument("--annotations", default="", help="as of tfdogs.prepare")
    parser.add_argument("--workers", type=int, default=0, help="of tfdogs.prepare; 0: one a core")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each")
    parser.add_argument("--loop", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if args.loop:
        loop(args.images, args.annotations, args.output)
        return

    print(machine())
    pictures, kept = set(), set()

    def turn(contender):
        def measure():
            with tempfile.TemporaryDirectory() as folder:
                start = time.perf_counter()
                read, crops = contender(args, Path(folder, "out"))
                seconds = time.perf_counter() - start
            pictures.add(read)
            kept.add(crops)
            return read / seconds

        return measure

    speeds = alternate([turn(ours), turn(theirs)], args.rounds, warm_up=0)
    if len(pictures) > 1 or len(kept) > 1:
        sys.exit(f"not the same work: {sorted(pictures)} pictures, {sorted(kept)} crops kept")
    print(f"{args.images}: {pictures.pop()} pictures, {kept.pop()} crops kept by both; {args.rounds} rounds")
    print(f"tfdogs.prepare, {args.workers or cores()} workers  {spread(speeds[0])} pictures/s")
    print(f"plain loop, one process    {spread(speeds[1])} pictures/s")
    print(f"ratio                      {spread(ratios(*speeds), 2)}   goal {GOAL} on 2 cores")


if __name__ == "__main__":
    main()
