"""What has become of a version of a model."""

import enum
from typing import NamedTuple

from tfdisent.serving.status import Code


class State(enum.IntEnum):
    """`tensorflow.serving.ModelVersionStatus.State`."""

    UNKNOWN = 0
    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


class VersionStatus(NamedTuple):
    """One version.

    Attributes:
      version: its number.
      state: END is also that of a version that failed to load.
      code: OK, or what it failed with.
      message: why it failed; no path.
    """

    version: int
    state: State
    code: Code
    message: str
