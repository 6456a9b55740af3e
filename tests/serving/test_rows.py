import numpy as np
import pytest

from tfdogs.serving.rows import Rows, run_together


class Runs:
    """Doubles x; notes what was run, and refuses -1 by its row, as a graph does."""

    def __init__(self):
        self.seen = []

    def __call__(self, inputs):
        x = inputs["x"]
        self.seen.append(x.tolist())
        if -1 in x:
            raise ValueError(f"no -1 in row {x.tolist().index(-1)}")
        return {"y": 2 * x, "names": np.array([f"dog {n}".encode() for n in x], object)}

    def call(self, *numbers, finish=lambda outputs: outputs["y"].tolist()):
        inputs = {"x": np.array(numbers)}
        return Rows(key="x", count=len(numbers), most=8, inputs=inputs, run=self, finish=finish)


@pytest.fixture
def runs():
    return Runs()


def test_each_call_gets_its_rows_of_one_run(runs):
    calls = [runs.call(1), runs.call(2, 3, finish=lambda outputs: outputs["names"].tolist()), runs.call(4)]
    assert run_together(calls) == [([2], None), ([b"dog 2", b"dog 3"], None), ([8], None)]
    assert runs.seen == [[1, 2, 3, 4]]


def test_a_bad_row_fails_its_own_call_in_the_words_it_gets_alone(runs):
    outcomes = run_together(
        [runs.call(n) for n in (1, 2, 3, 4, 5)] + [runs.call(6, -1), runs.call(7), runs.call(8)]
    )
    assert [result for result, _ in outcomes] == [[2], [4], [6], [8], [10], None, [14], [16]]
    assert [str(error) for _, error in outcomes if error] == ["no -1 in row 1"]
    assert len(runs.seen) == 7  # halves, not eight single runs after the first


def test_what_cannot_be_finished_is_one_calls_fault(runs):
    def finish(outputs):
        raise KeyError("no such output")

    outcomes = run_together([runs.call(1), runs.call(2, finish=finish), runs.call(3)])
    assert [result for result, _ in outcomes] == [[2], None, [6]]
    assert isinstance(outcomes[1][1], KeyError) and len(runs.seen) == 1


@pytest.mark.parametrize("outputs", [{"sum": np.array(3.0)}, {"y": np.zeros([1, 2])}])
def test_outputs_without_a_row_for_each_row_are_not_shared_out(outputs):
    calls = [
        Rows(key="x", count=1, most=8, inputs={"x": np.array([n])}, run=lambda _: outputs, finish=dict)
        for n in (1, 2)
    ]
    assert run_together(calls) == [(outputs, None), (outputs, None)]
