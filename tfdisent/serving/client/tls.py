"""The certificates of a client."""

import ssl
from pathlib import Path

from tfdisent.errors import UsageError
from tfdisent.serving.client.wire import ClientTls


def pem(path: Path | str | None) -> bytes | None:
    """Reads a PEM file, if there is one.

    Raises:
      UsageError: it cannot be read.
    """
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error


def ssl_context(tls: ClientTls) -> ssl.SSLContext:
    """What HTTPS checks a server by, and shows it.

    Raises:
      UsageError: a file is no certificate or key, or one has no other.
    """
    if bool(tls.certificate) != bool(tls.key):
        raise UsageError(
            f"{tls.certificate or tls.key} was given alone; a certificate "
            "needs its key."
        )
    roots = pem(tls.root_certificate)
    try:
        context = ssl.create_default_context(
            cadata=roots.decode("ascii") if roots else None
        )
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        files = [str(path) for path in tls if path]
        raise UsageError(
            f"{', '.join(files)}: not all are certificates and keys in PEM "
            f"({error})."
        ) from error
    return context


def ssl_cause(error: Exception | None) -> str:
    """What an ssl.SSLError says, without the place in OpenSSL's code."""
    cause = getattr(error, "verify_message", None)  # of a certificate
    reason = getattr(error, "reason", None)  # as "WRONG_VERSION_NUMBER"
    return cause or (in_words(reason) if reason else str(error))


def in_words(reason: str) -> str:
    """One of OpenSSL's names of reasons as text."""
    return reason.replace("_", " ").lower()
