"""What a submission is checked for, in the order in which it is reported.

A check sees every member of the zip once, in order, with what its bytes are, and then gives its verdict. To
add one, write a subclass of `check.Check` in a module here and add it to `all_checks`, or, where each file is
judged by itself, a function for `each.each_file`.
"""

from tfdogs.competition.checks.count import Count
from tfdogs.competition.checks.duplicates import Duplicates
from tfdogs.competition.checks.each import each_file
from tfdogs.competition.checks.names import Names
from tfdogs.competition.checks.values import Values
from tfdogs.competition.checks.variety import Variety


def all_checks(num_images, image_size):
    """Returns new checks of a submission.

    Args:
        num_images: number of images that was asked for.
        image_size: their height and width that was asked for, in pixels.
    """
    each = each_file(image_size)
    return [*each, Count(num_images), Names(), Duplicates(), Values(image_size), Variety(image_size)]
