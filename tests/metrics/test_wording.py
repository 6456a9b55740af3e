import pytest

from tfdogs.metrics.wording import number


@pytest.mark.parametrize(
    "value, error, expected",
    [
        (43.214, 0.84, "43.21 ± 0.84"),
        (43.214, None, "43.2"),
        (300.4, 12.3, "300 ± 12"),
        (0.0312345, 0.0021, "0.0312 ± 0.0021"),
        (0.61, None, "0.610"),
        (74.0, None, "74"),
        (0.0, None, "0"),
        (-0.00123, None, "-0.00123"),
        (1234567.8, None, "1,234,568"),
        (5.0, 0.0, "5.00 ± 0.00"),
        (1e-30, None, "0.000000000000"),
    ],
)
def test_as_many_digits_as_count(value, error, expected):
    assert number(value, error) == expected
