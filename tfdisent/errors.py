"""The two kinds of errors that are a user's to mend."""


class UsageError(ValueError):
    """An argument is wrong; commands end with exit code 2."""


class RunError(RuntimeError):
    """Something failed while it was done; commands end with exit code 1."""


class NotApplicable(UsageError):
    """A number that does not exist for what was given: it has no factors, say.

    Whoever asked for all numbers gets the others.
    """
