"""TLS for gRPC and REST, from one file that may be replaced meanwhile."""

import logging
import os
import ssl
from pathlib import Path

import grpc

from tfdisent.errors import UsageError
from tfdisent.export.messages import SSLConfig
from tfdisent.serving.file_stamp import file_stamp
from tfdisent.serving.text_proto import read_text_proto

_log = logging.getLogger(__name__)


class Tls:
    """Certificates of a server, read again when their file changes.

    Each new connection takes the newest; those that are open go on. A new
    file with a fault is named in the log, and the last good one is kept. Both
    sides speak TLS 1.2 or 1.3.

    Args:
      path: text form of TensorFlow Serving's `SSLConfig`. `server_key`,
        `server_cert` and `custom_ca` hold PEM text, not file names. With
        `client_verify`, clients need a certificate that `custom_ca` signed.

    Raises:
      UsageError: the file cannot be read, or what it holds is no such
        message, no key with its certificate, or no authority.
    """

    def __init__(self, path: Path | str):
        self._path = Path(path)
        self._seen = file_stamp(self._path)
        self._config = self._read()
        self._context = _context(self._config)

    def grpc_credentials(self) -> grpc.ServerCredentials:
        """Credentials whose certificate each connection asks for anew."""
        return grpc.dynamic_ssl_server_credentials(
            _grpc_configuration(self._config),
            lambda: _grpc_configuration(self._newest()),
            self._config.client_verify,
        )

    def rest_context(self) -> ssl.SSLContext:
        """A context that gives each connection the newest one."""

        def switch(connection: ssl.SSLObject, name, context) -> None:
            del name, context
            self._newest()
            connection.context = self._context

        context = _context(self._config)
        context.sni_callback = switch
        return context

    def _newest(self) -> SSLConfig:
        stamp = file_stamp(self._path)
        if stamp != self._seen:
            self._seen = stamp
            try:
                config = self._read()
                if config.client_verify != self._config.client_verify:
                    raise self._fault("changes client_verify: start again")
            except UsageError as error:
                _log.warning("%s The old certificate stays.", error)
                return self._config
            self._config, self._context = config, _context(config)
            _log.info("ssl_config_file %s was read again.", self._path)
        return self._config

    def _read(self) -> SSLConfig:
        config = read_text_proto(
            self._path, SSLConfig, "ssl_config_file", is_secret=True
        )
        if config.client_verify and not config.custom_ca:
            raise self._fault("sets client_verify but no custom_ca")
        try:
            _context(config)
        except (ssl.SSLError, TypeError, ValueError) as error:
            raise self._fault(
                "must hold a private key without a password, its certificate"
                f" and authorities as PEM text ({_reason(error)})"
            ) from None
        return config

    def _fault(self, text: str) -> UsageError:
        return UsageError(f"ssl_config_file {self._path} {text}.")


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or str(error)


def _context(config: SSLConfig) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The module reads a certificate from a file alone; this one is in memory.
    descriptor = os.memfd_create("certificate")
    with open(descriptor, "w") as file:
        file.write(f"{config.server_key}\n{config.server_cert}")
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{descriptor}", password="")
    if config.custom_ca:
        context.load_verify_locations(cadata=config.custom_ca)
    if config.client_verify:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _grpc_configuration(
    config: SSLConfig,
) -> grpc.ServerCertificateConfiguration:
    pair = (config.server_key.encode(), config.server_cert.encode())
    authorities = config.custom_ca.encode() or None
    return grpc.ssl_server_certificate_configuration([pair], authorities)
