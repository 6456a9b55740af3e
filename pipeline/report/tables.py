"""The report's tables: statistics, anomalies, scores."""

from html import escape

from pipeline.components.example_validator import FILE_NAME as ANOMALIES
from pipeline.examples.raw_examples import SPLITS
from pipeline.release import documents
from pipeline.validation import statistics as files
from tfdogs.metrics.wording import number

_TOP = 5  # values of a feature of words that are named


def table(head, rows):
    """Returns a table; its cells are HTML."""
    heads = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f'<div class="table"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def statistics(folder):
    """Returns what is known of the pictures of both splits, a row a feature."""
    read = {split: files.read(folder, split) for split in SPLITS}
    found = {split: files.features(one) for split, one in read.items()}
    names = list(dict.fromkeys(name for split in SPLITS for name in sorted(found[split])))
    rows = [["pictures", *(f"{files.count(read[split]):,}" for split in SPLITS)]]
    rows += [[escape(name), *(_feature(found[split].get(name)) for split in SPLITS)] for name in names]
    return table(["", *SPLITS], rows)


def _feature(feature):
    if feature is None:
        return ""
    if feature.HasField("string_stats"):
        values = sorted(files.words(feature).items(), key=lambda pair: (-pair[1], pair[0]))
        named = ", ".join(f"{escape(value)}&nbsp;{count:,}" for value, count in values[:_TOP])
        more = len(values) - _TOP
        return f"{named} and {more:,} more" if more > 0 else named
    numbers = feature.num_stats
    if not numbers.std_dev:
        return f"<span>always {_short(numbers.mean)}</span>"
    spread = (
        f"{_short(numbers.mean)} ± {_short(numbers.std_dev)}, {_short(numbers.min)} to {_short(numbers.max)}"
    )
    return f"{_bars(numbers)}<span>{spread}</span>"


def _short(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _bars(numbers):
    """Returns a histogram of equal widths as a small drawing."""
    standard = [h for h in numbers.histograms if h.type == h.STANDARD]
    counts = [bucket.sample_count for bucket in standard[0].buckets] if standard else []
    if not counts or not max(counts):
        return ""
    wide = 100 / len(counts)
    bars = "".join(
        f'<rect x="{i * wide:.4g}" y="{24 - 24 * n / max(counts):.4g}" width="{0.9 * wide:.4g}" '
        f'height="{24 * n / max(counts):.4g}"/>'
        for i, n in enumerate(counts)
    )
    return (
        f'<svg class="bars" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">{bars}</svg>'
    )


def anomalies(folder):
    """Returns what ExampleValidator has found."""
    rows = documents.read(folder, ANOMALIES)
    if not rows:
        return '<p class="note">None: the pictures are what the schema, and the data set before, say.</p>'
    cells = [
        [row["split"], escape(row["feature"]), escape(row["short"]), escape(row["long"])] for row in rows
    ]
    return table(["split", "feature", "what", ""], cells)


def scores(folder):
    """Returns the checks of an evaluation, then all scores of the model, and of the last blessed one."""
    told = documents.read(folder, documents.EVALUATION)
    words = {True: '<b class="good">kept</b>', False: '<b class="bad">broken</b>'}
    checks = [
        [
            words[check["passed"]],
            escape(check["score"]),
            escape(check["found"]),
            escape(check["rule"]),
        ]
        for check in told["checks"]
    ]
    parts = [table(["", "score", "found", "has to be"], checks)] if checks else []
    before = told["baseline"]["scores"] if told["baseline"] else {}
    rows = [
        [
            escape(score["title"]),
            _value(score),
            _value(before.get(name)),
            _images(score),
        ]
        for name, score in told["candidate"]["scores"].items()
    ]
    return "\n".join([*parts, table(["score", "this model", "last blessed", "images"], rows)])


def _images(score):
    real = f", {score['num_reals']:,} real" if score["num_reals"] else ""
    return f"{score['num_fakes']:,} drawn{real}"


def _value(score):
    return "" if score is None else number(score["value"], score["error"])
