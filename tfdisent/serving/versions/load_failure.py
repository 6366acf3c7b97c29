"""What clients may know of a load that failed."""

from pathlib import Path

from tfdisent.errors import RunError
from tfdisent.serving.inference.native_errors import client_text
from tfdisent.serving.status import Code, ServingError

_LONGEST = 300


def load_failure(error: Exception, directory: Path) -> tuple[Code, str]:
    """Code and text of a failed load, for clients.

    Args:
      error: what loading raised; a `NativeError` or `ServingError` has a code.
      directory: of the version.

    Returns:
      A code that is not OK, and one line without paths and the graph's own
      names.
    """
    if not isinstance(error, RunError | ServingError):
        # Whatever it says was not written for clients.
        return Code.UNKNOWN, "The version could not be loaded."
    # The one path that may have spaces is this.
    text = str(error).replace(str(directory), "VERSION")
    text = " ".join(client_text(text).split())
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "..."
    return Code(getattr(error, "code", Code.UNKNOWN)), text
