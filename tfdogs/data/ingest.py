"""Preparation: from a source of pictures to a data_dir of shards."""

import collections
import concurrent.futures
import contextlib
import dataclasses
import importlib
import importlib.metadata
import sys
import time

import numpy as np
from tqdm import tqdm

import tfdogs
from tfdogs.data import doctor, preview, shards, twins
from tfdogs.data.doctor import Finding
from tfdogs.data.names import printable
from tfdogs.data.rejects import Rejects
from tfdogs.data.sources.base import Box, some
from tfdogs.data.sources.open import open_source
from tfdogs.data.splits import uniform
from tfdogs.data.worker import treat_all
from tfdogs.errors import TfdogsError, harmless
from tfdogs.progress import say

PLAIN_SECONDS = 10.0  # between progress lines where there is no terminal


def prepare(config, *, source=None, treat=treat_all):
    """Prepares a data_dir.

    Args:
        config: `tfdogs.data.prepare_config.PrepareConfig`.
        source: `tfdogs.data.sources.base.Source`; default: what `config.images` and `annotations` name.
        treat: how, and where, pictures are treated: a function as `tfdogs.data.worker.treat_all`.

    Returns:
        The `tfdogs.data.manifest.Manifest` of `config.output_dir`.

    Raises:
        UsageError: the source or the output directory cannot be used.
        TfdogsError: no picture is left, or the workers or the disk failed. `config.output_dir` is as it was.
    """
    start = time.perf_counter()
    shards.check_output(config.output_dir, overwrite=config.overwrite)
    if source is None:
        source = open_source(
            config.images, annotations=config.annotations, image_size=config.image_size, seed=config.seed
        )
    config = config.resolve(source)
    with shards.replacing(config.output_dir) as work, contextlib.ExitStack() as stack:
        shards.check_output(
            config.output_dir, overwrite=config.overwrite
        )  # nobody else writes it from now on
        spool = stack.enter_context(contextlib.closing(shards.Spool(work / "spool")))
        rejects = Rejects(work / "rejects.csv", seed=config.seed)
        stack.enter_context(contextlib.closing(rejects))
        seen = _collect(treat(source, config), source, spool, rejects)
        kept = _drop_soft(spool, rejects, config)
        twin, bits = twins.drop(spool, rejects, config, kept)
        counts = _add_up(seen, spool, rejects, kept)
        if not kept.any():
            raise TfdogsError(_nothing_left(config, counts, rejects))
        orders = _split(spool, kept, twins.groups(spool, config, twin), config)
        manifest = shards.write(
            spool, orders, work, config=config, provenance=_provenance(config, bits), counts=counts
        )
        with _decoration(work / "preview.png", config.output_dir) as path:
            preview.save(spool, orders, manifest, path, seed=config.seed)
        with _decoration(work / "rejects.png", config.output_dir) as path:
            preview.save_rejects(rejects, path)
        stack.close()
    lost = seen["classes"] - {*manifest.classes}
    notes = [*_narrowed(config, bits), *_left_out(source.left_out(), manifest.classes, lost)]
    summary = _summary(manifest, config, time.perf_counter() - start, notes)
    encoding = sys.stdout.encoding or "utf-8"
    # Names may have letters that it lacks.
    print(summary.encode(encoding, "backslashreplace").decode(encoding))
    return manifest


@contextlib.contextmanager
def _decoration(path, output_dir):
    """Gives the path of a picture for people, whose failure costs a warning and not the data."""
    with harmless(f"{printable(output_dir, 1000)}/{path.name}"):
        try:
            yield path
        except Exception:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            raise


def _collect(treated, source, spool, rejects):
    """Takes in what was treated; counts pictures read, lost whole and never cut, crops cut, and orphans.

    The names of all classes that were seen are the entry "classes".
    """
    seen = {**dict.fromkeys(("read", "lost", "uncut", "cut", "orphans"), 0), "classes": set()}
    # TensorFlow takes seconds to import: from the first crop on that happens beside the workers' work.
    importer, imported = concurrent.futures.ThreadPoolExecutor(1), None
    with importer, contextlib.closing(treated):
        for item, outcome in _progress(treated, len(source)):
            cut = len(outcome.crops) + sum(finding.crop is not None for finding in outcome.findings)
            seen["read"] += 1
            seen["lost"] += not outcome.crops
            seen["uncut"] += not cut
            seen["cut"] += cut
            seen["classes"].add(item.class_name)
            for finding, image in zip(outcome.findings, outcome.images):
                rejects.add(item.name, finding, image)
            if outcome.crops:
                spool.add(item, outcome)
                imported = imported or importer.submit(importlib.import_module, "tfdogs.data.records")
    for name in source.orphans():
        rejects.add(name, Finding("no_picture", detail="it belongs to no picture under --images"))
        seen["orphans"] += 1
    return seen


def _drop_soft(spool, rejects, config):
    """Rejects the crops that are much softer than the others; returns which are kept, bool [crops]."""
    crops = spool.crops
    if config.checks != "photos" or config.max_blur < 0 or not len(crops):
        return np.ones(len(crops), bool)
    limit = config.max_blur or doctor.blur_limit(crops["blur"])
    soft = crops["blur"] > limit
    for index in np.flatnonzero(soft):
        blur, rectangle = float(crops[index]["blur"]), Box(*crops[index]["rectangle"].tolist())
        detail = f"as soft as by a Gaussian of {blur:.2f} px; at most {limit:.2f} px (--max_blur)"
        finding = Finding("blurred", blur, rectangle, detail)
        rejects.add(spool.name(crops[index]["picture"]), finding, spool.png(index))
    return ~soft


def _add_up(seen, spool, rejects, kept):
    """Returns the manifest's counts; refuses to go on where a picture or a crop was lost on the way."""
    pictures = np.zeros(len(spool.pictures), bool)
    pictures[spool.crops["picture"][kept]] = True
    counts = {
        "read": seen["read"],
        "kept": int(pictures.sum()),
        "rejected": seen["lost"] + int((~pictures).sum()),
        "uncut": seen["uncut"],
        "orphans": seen["orphans"],
        "crops": {"cut": seen["cut"], "kept": int(kept.sum()), "rejected": rejects.crops},
        "reasons": dict(sorted(rejects.reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
    }
    crops, rows = counts["crops"], sum(rejects.reasons.values())
    if (
        counts["read"] != counts["kept"] + counts["rejected"]
        or crops["cut"] != crops["kept"] + crops["rejected"]
        or rows != crops["rejected"] + counts["uncut"] + counts["orphans"]
    ):
        raise TfdogsError(f"the counts do not add up, please report this: {counts}")
    return counts


def _split(spool, kept, group, config):
    """Assigns groups of related pictures to train or eval and shuffles; returns indices of crops by split."""
    pictures, of_crop = spool.pictures, spool.crops["picture"]
    first = np.full(group.max() + 1, len(pictures), np.int64)
    np.minimum.at(first, group, np.arange(len(pictures)))
    draw = np.array([uniform(config.seed, pictures[i]["digest"].tobytes()) for i in first])
    is_eval = draw < config.eval_fraction
    present = np.unique(group[of_crop[kept]])
    if is_eval[present].all():
        is_eval[present[np.argmax(draw[present])]] = False
    in_eval = is_eval[group[of_crop]]
    rng = np.random.default_rng(config.seed)
    return {
        "train": rng.permutation(np.flatnonzero(kept & ~in_eval)),
        "eval": rng.permutation(np.flatnonzero(kept & in_eval)),
    }


def _provenance(config, bits):
    """Returns how the data_dir was made; nothing in it depends on when, where or with how many workers."""
    run_control = {f.name for f in dataclasses.fields(config) if f.metadata["run_control"]}
    flags = {name: value for name, value in config.to_dict().items() if name not in run_control}
    versions = {name: importlib.metadata.version(name) for name in ("pillow", "numpy", "tensorflow")}
    narrowed = {"near_duplicate_bits_sought": bits} if _narrowed(config, bits) else {}
    return {"flags": flags, **narrowed, "versions": {"tfdogs": tfdogs.__version__, **versions}}


def _nothing_left(config, counts, rejects):
    named = ", ".join(f"{reason} {count}" for reason, count in list(counts["reasons"].items())[:3])
    images = printable(config.images, 1000)
    line = f"none of the {counts['read']} pictures of --images={images} is left (rejected: {named})"
    advice = rejects.advice(config)
    return f"{line}; {advice}" if advice else line


def _progress(treated, total):
    """Passes pairs on with a progress bar on a terminal, plain lines elsewhere."""
    if sys.stderr.isatty():
        yield from tqdm(treated, total=total or None, unit="img", desc="prepare", dynamic_ncols=True)
        return
    start = last = time.perf_counter()
    for done, pair in enumerate(treated, 1):
        yield pair
        now = time.perf_counter()
        if now - last >= PLAIN_SECONDS:
            last, speed = now, done / (now - start)
            of = f" of {total}, ETA {max(total - done, 0) / speed:.0f} s" if total else ""
            say(f"prepare: {done} pictures{of}, {speed:.0f} img/s", sys.stderr)


def _summary(manifest, config, seconds, notes):
    """Returns the table that is printed at the end, and below it the lines `notes`."""
    counts, crops = manifest.counts, manifest.counts["crops"]
    rows = [("pictures read", counts["read"]), ("  kept", counts["kept"]), ("  rejected", counts["rejected"])]
    rows += [("crops cut", crops["cut"]), ("  kept", crops["kept"]), ("  rejected", crops["rejected"])]
    rows += [("rejects.csv", sum(counts["reasons"].values()))]
    rows += [(f"  {reason}", count) for reason, count in counts["reasons"].items()]
    rows += [(f"{split} images", manifest.num_images(split)) for split in manifest.splits]
    rows += [("classes", len(manifest.classes))]
    lines = [f"{name:20}{value:>12,}" for name, value in rows]
    table = "\n".join([*lines, *notes])
    size = sum(shard.bytes for split in manifest.splits.values() for shard in split)
    return (
        f"{table}\n{printable(config.output_dir, 1000)}: {config.image_size} px, {config.channels} channels, "
        f"{size / 1e6:.1f} MB, {seconds:.1f} s, {counts['read'] / seconds:.0f} img/s"
    )


def _narrowed(config, bits):
    """Returns a line, in a list, where near duplicates were not sought as far as was asked for."""
    if not 0 <= bits < config.near_duplicate_bits:
        return []
    asked = f"--near_duplicate_bits={config.near_duplicate_bits}"
    return [f"near duplicates: sought up to {bits} bits apart, not {asked}, which takes too long for so many"]


def _left_out(left_out, classes, lost_classes):
    """Yields a line for each kind of what is in no shard and not in rejects.csv, and of names to look at.

    Args:
        left_out: `tfdogs.data.sources.base.LeftOut`.
        classes: names of all classes.
        lost_classes: names of the classes all of whose pictures were rejected, a set; None is no class.
    """
    yield from left_out.lines()
    lost_classes = sorted(lost_classes - {None})
    if lost_classes:
        yield f"classes of which no picture is left: {some(lost_classes)}"
    forms = collections.Counter(map(str.casefold, classes))
    alike = [name for name in classes if forms[name.casefold()] > 1]
    if alike:
        yield f"classes whose names differ in nothing but case: {some(alike)}"
