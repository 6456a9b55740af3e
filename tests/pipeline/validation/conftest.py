"""Small data sets, clean and poisoned, and what the components say of them."""

import io
import itertools
import random

import pytest

from tfdogs.data import paper_dogs
from tfdogs.data.paper_breeds import BREEDS

CLASSES = BREEDS[:3]


def defaults(component, **given):
    from pipeline.core.contract import Parameter

    specs = component.declared(Parameter).items()
    return {**{name: spec.default for name, spec in specs if not spec.required}, **given}


@pytest.fixture(scope="session")
def drawings():
    """Returns 150 (class, PNG) of three breeds in turn."""
    by_breed = {breed: [] for breed in CLASSES}
    for index in itertools.count():
        breed = BREEDS[paper_dogs.breed_of(index)]
        if breed in by_breed and len(by_breed[breed]) < 50:
            file = io.BytesIO()
            paper_dogs.draw(index, size=32).save(file, "PNG")
            by_breed[breed].append((breed, file.getvalue()))
        if all(len(some) == 50 for some in by_breed.values()):
            return [pair for row in zip(*by_breed.values()) for pair in row]


@pytest.fixture(scope="session")
def kennel(drawings, tmp_path_factory):
    """Returns a function that writes drawings as files in a folder a class, and returns where."""

    def write(edit=lambda number, breed, data: (breed, data), *, start=0, count=120):
        root = tmp_path_factory.mktemp("kennel")
        for number, (breed, data) in enumerate(drawings[start : start + count]):
            edited = edit(number, breed, data)
            if edited is not None:
                path = root / edited[0] / f"{number:03}.png"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(edited[1])
        return root

    return write


@pytest.fixture(scope="session")
def describe(tmp_path_factory, in_memory):
    """Returns a function from images to their statistics, through ExampleGen and StatisticsGen.

    With `quick` TFDV computes them without Beam, in a quarter of the time.
    """
    from pipeline.components.example_gen import ExampleGen
    from pipeline.components.statistics_gen import StatisticsGen
    from pipeline.core.artifact import Artifact
    from pipeline.examples import raw_records
    from pipeline.examples.raw_examples import RawExamples
    from pipeline.types import EXAMPLES, STATISTICS
    from pipeline.validation import statistics as files
    from pipeline.validation.looking import facts_of

    def quickly(pictures, found):
        source = RawExamples.load(pictures)
        for split, names in source.shards.items():
            facts = [facts_of(row) for name in names for row in raw_records.read(pictures / name)]
            files.write_empty(found, split)
            if facts:
                files.path(found, split).write_bytes(in_memory(facts).SerializeToString())
        files.Statistics(source.counts, source.photographs, "quick").save(found)

    def describe(images, *, workers=1, quick=False, **parameters):
        pictures, found = tmp_path_factory.mktemp("examples"), tmp_path_factory.mktemp("statistics")
        given = {"eval_fraction": 0.25, "images": str(images), **parameters}
        ExampleGen.execute(examples=pictures, **defaults(ExampleGen, **given))
        if quick:
            quickly(pictures, found)
            return Artifact(STATISTICS.name, found, "quick")
        examples = Artifact(EXAMPLES.name, pictures, EXAMPLES.fingerprint(pictures))
        told = StatisticsGen.execute(examples=examples, statistics=found, workers=workers, beam_args="")
        return Artifact(STATISTICS.name, found, STATISTICS.fingerprint(found), told["statistics"])

    return describe


@pytest.fixture(scope="session")
def expect(tmp_path_factory):
    """Returns a function from statistics to their schema, through SchemaGen."""
    from pipeline.components.schema_gen import SchemaGen
    from pipeline.core.artifact import Artifact
    from pipeline.types import SCHEMA

    def expect(statistics, previous=None, **parameters):
        folder = tmp_path_factory.mktemp("schema")
        given = defaults(SchemaGen, pipeline="kennel", **parameters)
        SchemaGen.execute(statistics=statistics, previous=previous, schema=folder, **given)
        return Artifact(SCHEMA.name, folder, SCHEMA.fingerprint(folder))

    return expect


@pytest.fixture(scope="session")
def in_memory():
    """Returns a function from facts to TFDV's statistics of them, without Beam."""
    pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")
    from tensorflow_data_validation.statistics import stats_impl

    from pipeline.components.statistics_gen import OPTIONS
    from pipeline.validation.looking import table

    return lambda facts: stats_impl.generate_statistics_in_memory(table(facts), OPTIONS)


@pytest.fixture
def facts():
    """Returns a maker of pictures' facts by the number; the same in every test."""
    draw = random.Random(5)

    def make(count, *, classes=CLASSES, kind="picture", brightness=110.0):
        return [
            {
                "class": classes[draw.randrange(len(classes))],
                "kind": kind,
                "width": 64,
                "height": 64,
                "scale": draw.choice(["32-63", "64-127", "64-127"]),
                "bytes": round(draw.lognormvariate(9, 0.5)),
                "brightness": draw.gauss(brightness, 25),
                "contrast": abs(draw.gauss(40, 12)),
                "saturation": draw.expovariate(1 / 30),
            }
            for _ in range(count)
        ]

    return make
