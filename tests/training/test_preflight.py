import pytest

from tfdogs.training import preflight


@pytest.mark.parametrize(
    "start, end, batch, kimg, expected",
    [
        (0, 100, 10, 0.05, 3),  # 0, 50, 100
        (0, 100, 10, 0.03, 5),  # 0, 30, 60, 90, 100
        (0, 100, 30, 0.05, 3),  # 0, 60, 120
        (50, 100, 10, 0.05, 1),
        (0, 100, 10, 0.001, 11),  # no more than one a batch
        (0, 5, 10, 1.0, 2),
        (100, 100, 10, 0.05, 0),
    ],
)
def test_number_of_evaluations_ahead(start, end, batch, kimg, expected):
    assert preflight.num_evaluations(start, end, batch, kimg) == expected
