"""The two ways in which a command ends other than well."""


class TfdogsError(Exception):
    """The work failed for a reason that the user can act on: one line, exit status 1."""


class UsageError(TfdogsError):
    """What was asked for is impossible, found before any work: one line, exit status 2."""
