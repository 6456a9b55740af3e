"""Anomalies in plain words."""

from tensorflow_metadata.proto.v0 import anomalies_pb2

from pipeline.validation.picture_facts import UNIFORM, UNREADABLE
from pipeline.validation.statistics import count, features, present, words

WARNING, ERROR = "warning", "error"
NAMED = 5  # values that a sentence names
SHOWN = 3  # anomalies that a refusal names
NAMES = {"scale": "shorter side", "bytes": "file size"}  # where a feature's own name says too little
_TYPE = anomalies_pb2.AnomalyInfo
_MISSING = (
    _TYPE.SCHEMA_MISSING_COLUMN,
    _TYPE.FEATURE_TYPE_NOT_PRESENT,
    _TYPE.FEATURE_TYPE_LOW_FRACTION_PRESENT,
    _TYPE.FEATURE_TYPE_LOW_NUMBER_PRESENT,
)
_COMPARED = (_TYPE.COMPARATOR_L_INFTY_HIGH, _TYPE.COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH)


def report(verdicts, schema, now, *, before):
    """Says what is wrong, comparisons last.

    Args:
        verdicts: TFDV's `Anomalies` by split, of `pipeline.validation.validate`.
        schema, now, before: as `validate` got them.

    Returns:
        A list of dicts: `split`, `feature` ("" for the whole), `severity`, `short` and `long`, and `against`,
        with what it was compared, "" for the schema.
    """
    rows = []
    for split, verdict in verdicts.items():
        rows += Findings(split, verdict, schema, now=now, before=before).rows()
    return sorted(rows, key=lambda row: row["against"] != "")


class Findings:
    """What is wrong with one split.

    Args:
        split: its name.
        anomalies: TFDV's `Anomalies` of it.
        schema, now, before: as `validate` got them.
    """

    def __init__(self, split, anomalies, schema, *, now, before):
        self._split, self._anomalies, self._count = split, anomalies, count(now[split])
        self._expected = {feature.name: feature for feature in schema.feature}
        self._domains = {domain.name: domain for domain in schema.string_domain}  # shared, if edited so
        self._min_images = schema.dataset_constraints.min_examples_count
        self._now = features(now[split])
        self._others = {
            "drift_measurements": ("the previous data set", features(before[split]) if before else {}),
            "skew_measurements": ("eval", features(now["eval"])),
        }

    def rows(self):
        """Returns a list of dicts, see `report`."""
        found = list(self._of_the_whole())
        for name, info in sorted(self._anomalies.anomaly_info.items()):
            severity = WARNING if info.severity == _TYPE.WARNING else ERROR
            texts = [self._text(name, reason) for reason in info.reason if reason.type not in _COMPARED]
            found += [(name, severity, *text, "") for text in dict.fromkeys(texts)]
            found += [(name, severity, *text) for text in self._comparisons(name)]
        keys = ("feature", "severity", "short", "long", "against")
        return [{"split": self._split, **dict(zip(keys, row))} for row in found]

    def _of_the_whole(self):
        if self._anomalies.data_missing:
            yield "", ERROR, "no pictures", f"{self._split} has no pictures", ""
        for reason in self._anomalies.dataset_anomaly_info.reason:
            if reason.type == _TYPE.DATASET_LOW_NUM_EXAMPLES:
                long = f"{self._count} pictures; at least {self._min_images} are expected"
                yield "", ERROR, "too few pictures", long, ""
            else:
                yield "", ERROR, reason.short_description, reason.description, ""

    def _text(self, name, reason):
        """Returns a few words and a sentence: ours for what happens to pictures, else TFDV's."""
        if reason.type == _TYPE.ENUM_TYPE_UNEXPECTED_STRING_VALUES:
            return self._of_kinds() if name == "kind" else self._of_strangers(name)
        if reason.type == _TYPE.FEATURE_TYPE_LOW_UNIQUE and name == "class":
            return self._of_lost_classes()
        if reason.type in _MISSING:
            without = self._count - present(self._now.get(name))
            share = self._expected[name].presence.min_fraction
            long = f"{self._part(without)} have no {_name(name)}; at least {_percent(share)} should have one"
            return f"pictures without {_name(name)}", long
        if reason.type == _TYPE.SCHEMA_NEW_COLUMN:
            with_it = self._part(present(self._now.get(name)))
            return f"unexpected {_name(name)}", f"{with_it} have {_name(name)}; the schema knows of none"
        return reason.short_description, reason.description

    def _of_kinds(self):
        counts = words(self._now["kind"])
        expected = self._expected["kind"]
        bad = {kind: n for kind, n in counts.items() if kind not in self._known("kind")}
        allowed = _percent(1 - expected.distribution_constraints.min_domain_mass)
        says = {UNIFORM: "of hardly any contrast, as grey tiles are", UNREADABLE: "unreadable"}
        parts = " and ".join(f"{n} {says.get(kind, kind)}" for kind, n in sorted(bad.items()))
        long = f"{self._part(sum(bad.values()))} are no good: {parts}; at most {allowed} is expected"
        return " or ".join(sorted(bad)) + " pictures", long

    def _of_strangers(self, name):
        known = self._known(name)
        new = {value: n for value, n in words(self._now[name]).items() if value not in known}
        listed = _listed([f"{value} ({self._part(n)})" for value, n in new.items()])
        return f"unknown {_name(name)}", f"{_name(name)} not in the schema: {listed}"

    def _of_lost_classes(self):
        found, expected = words(self._now.get("class")), self._expected["class"]
        lost = [name for name in self._known("class") if name not in found]
        least = expected.unique_constraints.min
        long = f"no pictures of {_listed(lost)}; {len(found)} classes, at least {least} are expected"
        return "missing class", long

    def _known(self, name):
        feature = self._expected[name]
        shared = self._domains.get(feature.domain) if feature.HasField("domain") else None
        return (shared or feature.string_domain).value

    def _comparisons(self, name):
        """Yields what differs more than it may from the previous data set, and from the other split."""
        for info in self._anomalies.drift_skew_info:
            if list(info.path.step) != [name]:
                continue
            for kind, (theirs, others) in self._others.items():
                for told in getattr(info, kind):
                    if told.value > told.threshold:
                        now, other = self._now[name], others[name]
                        compare = _shares if now.HasField("string_stats") else _histograms
                        short = f"{_name(name)} differs from {theirs}"
                        yield short, compare(now, other, theirs, told), theirs

    def _part(self, number):
        return f"{number} of {self._count} pictures ({_percent(number / self._count)})"


def refusal(rows):
    """Returns one line of the worst that was found, or "" if it is nothing to stop for."""
    bad = [row for row in rows if row["severity"] == ERROR]
    if not bad:
        return ""
    told = "; ".join(f"{row['split']}: {row['long']}" for row in bad[:SHOWN])
    more = f"; and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
    return f"{len(bad)} {'anomaly' if len(bad) == 1 else 'anomalies'}: {told}{more}"


def _shares(now, other, theirs, told):
    one, two = (
        {value: n / present(feature) for value, n in words(feature).items()} for feature in (now, other)
    )
    far = max(sorted({*one, *two}), key=lambda value: abs(one.get(value, 0) - two.get(value, 0)))
    return (
        f"{_name(now.path.step[0])} {far} is {_percent(one.get(far, 0))} of the pictures and "
        f"{_percent(two.get(far, 0))} of {theirs}; up to {100 * told.threshold:.1f} points apart are expected"
    )


def _histograms(now, other, theirs, told):
    one, two = now.num_stats.mean, other.num_stats.mean
    return (
        f"mean {_name(now.path.step[0])} is {one:.1f}, and {two:.1f} in {theirs}; "
        f"Jensen-Shannon divergence {told.value:.2f} of 1; up to {told.threshold:.2f} is expected"
    )


def _name(feature):
    return NAMES.get(feature, feature)


def _percent(share):
    return f"{100 * share:.3g} %"


def _listed(values):
    more = f" and {len(values) - NAMED} more" if len(values) > NAMED else ""
    return ", ".join(values[:NAMED]) + more
