"""What a model may be called in requests, files and addresses."""

import re

NAME_RULE = "must be letters, digits, '_', '.' and '-', not begin with '.', and be no longer than 100"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")


def is_name(name):
    """Says whether a model may have this name."""
    return bool(_NAME.fullmatch(name))


def check_name(config):
    """Refuses a configuration whose `name` no model may have.

    Args:
        config: a `tfdogs.config.Config` with a field `name`.

    Raises:
        UsageError: the name breaks `NAME_RULE`.
    """
    if not is_name(config.name):
        config.reject("name", NAME_RULE)
