"""The Beam steps from pictures to facts, and from facts to tables and to one digest of them all."""

import hashlib
import json

import apache_beam as beam
import pyarrow as pa

from pipeline.core.aside import aside
from pipeline.examples import raw_records
from pipeline.validation.picture_facts import look

_KINDS = {str: pa.large_binary(), int: pa.int64(), float: pa.float32()}
_SIZE = 16  # bytes of a digest


def facts_of(row):
    """Returns the facts of the picture of a row of raw examples."""
    _, item, problem = raw_records.parse(row)
    return look(item, problem)


def table(batch):
    """Returns dicts of facts as a pyarrow.RecordBatch, as TFDV wants it: lists, null where there is none."""
    columns = {}
    for name in sorted({name for facts in batch for name in facts}):
        values = [facts.get(name) for facts in batch]
        kind = _KINDS[next(type(value) for value in values if value is not None)]
        cells = [None if value is None else [_plain(value)] for value in values]
        columns[name] = pa.array(cells, pa.large_list(kind))
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def _plain(value):
    """A class may be the name of a folder that is no UTF-8, of which TFDV would say nothing."""
    return value.encode("utf-8", "backslashreplace") if isinstance(value, str) else value


def named(facts, split):
    """Returns facts with their split."""
    return split, facts


def write_text(text, path):
    """Writes a file; a runner may do it twice, also at the same time."""
    with aside(path) as hidden:
        hidden.write_text(text, encoding="utf-8")


class Digest(beam.CombineFn):
    """Digests facts in any order: adds up the hashes of (split, facts), so that equal pictures count too."""

    def create_accumulator(self):
        """Returns the sum of nothing."""
        return 0

    def add_input(self, total, element):
        """Adds a pair (split, facts)."""
        text = json.dumps(element, sort_keys=True)
        digest = hashlib.blake2b(text.encode(), digest_size=_SIZE).digest()
        return self.merge_accumulators([total, int.from_bytes(digest, "little")])

    def merge_accumulators(self, totals):
        """Returns the sum of sums."""
        return sum(totals) % 256**_SIZE

    def extract_output(self, total):
        """Returns the sum as hex digits."""
        return f"{total:0{2 * _SIZE}x}"
