"""How a server listens, answers and ends."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tfdisent.serving.inference.batching import DEFAULT_BATCHING, Batching
from tfdisent.serving.limits import Limits
from tfdisent.serving.tls import Tls
from tfdisent.serving.token import Token


class ServerOptions(NamedTuple):
    """Options of a `Server`.

    Attributes:
      host: address or name that both ports listen on.
      port: of gRPC; 0 is any free one, None for no gRPC over TCP.
      rest_port: of REST; 0 is any free one, None for no REST.
      socket_path: of a UNIX socket for gRPC, without TLS.
      tls: for both ports.
      token: that requests must carry.
      limits: of requests.
      batching: of waiting requests, for all models.
      metrics_path: at which REST gives Prometheus's text; None for nowhere.
      cors: whether web pages of any origin may ask.
      explorer: whether REST serves the page of the latents, at `/`.
      config_file: `ModelServerConfig` in text form, read again at SIGHUP.
      config_poll_seconds: between looks whether it changed; 0 for never.
      poll_seconds: between looks for versions.
      max_load_retries: loads of a version after the first that failed.
      load_retry_seconds: between a failed load and the next.
      allow_labels_for_unavailable: whether a new label may be given to a
        version that is not loaded yet.
      enable_reload: whether clients may send another configuration.
      allowed_roots: folders that a client's configuration may name.
      grace_seconds: that requests in flight have to end; less than the 30 s
        after which Kubernetes kills.
    """

    host: str = "127.0.0.1"
    port: int | None = 8500
    rest_port: int | None = 8501
    socket_path: Path | None = None
    tls: Tls | None = None
    token: Token | None = None
    limits: Limits = Limits()
    batching: Batching = DEFAULT_BATCHING
    metrics_path: str | None = None
    cors: bool = False
    explorer: bool = True
    config_file: Path | None = None
    config_poll_seconds: float = 0.0
    poll_seconds: float = 1.0
    max_load_retries: int = 5
    load_retry_seconds: float = 60.0
    allow_labels_for_unavailable: bool = False
    enable_reload: bool = False
    allowed_roots: Sequence[Path] | None = None
    grace_seconds: float = 25.0
