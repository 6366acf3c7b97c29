"""What a server counts, as text for Prometheus."""

import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    exposition,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from tfdisent.serving.status import Code

# One value for all names that no model has; a model's has no such sign.
UNKNOWN = "(unknown)"

_COUNT = ":tensorflow:serving:request_count"
_MICROSECONDS = [10 * 1.8**k for k in range(33)]
_ROWS = [2**k for k in range(13)]
_SECONDS = [1e-4 * 4**k for k in range(10)]

# The time each series was made would double what is sent.
disable_created_metrics()


class Monitoring:
    """Counts of one server; those of TensorFlow Serving have its names.

    Args:
      loaded: gives the versions that answer now, by name of each model that is
        configured. Other names count as `UNKNOWN`, for clients choose names.

    References:
      tensorflow_serving/servables/tensorflow/util.cc
    """

    def __init__(
        self, loaded: Callable[[], Mapping[str, Collection[int]]] = dict
    ):
        self._loaded = loaded
        self._known = set()
        # The library's own look-up takes longer than the counting.
        self._labelled = functools.cache(lambda one, *of: one.labels(*of))
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(_Loaded(loaded))
        self._requests = Counter(
            _COUNT,
            "The total number of requests.",
            ["model_name", "status"],
            registry=self._registry,
        )
        self._latency = Histogram(
            ":tensorflow:serving:request_latency",
            "Distribution of wall time (in microseconds) for a request.",
            ["model_name", "API", "entrypoint"],
            buckets=_MICROSECONDS,
            registry=self._registry,
        )
        self._answers = Counter(
            "tfdisent_answers",
            "Answers of all methods, by the version that gave them.",
            ["model_name", "version", "API", "entrypoint", "status"],
            registry=self._registry,
        )
        self._rows = Histogram(
            "tfdisent_batch_rows",
            "Rows of a batch that ran.",
            buckets=_ROWS,
            registry=self._registry,
        )
        self._waits = Histogram(
            "tfdisent_batch_wait_seconds",
            "Time that the first request of a batch waited for it to run.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._refused = Counter(
            "tfdisent_refused_requests",
            "Requests refused because too many were in flight.",
            registry=self._registry,
        )
        self._dropped = Counter(
            "tfdisent_dropped_requests",
            "Requests that ended before all of them ran: late, cancelled or"
            " failed in part.",
            registry=self._registry,
        )

    def observe(
        self,
        model: str,
        version: int | None,
        api: Literal["GRPC", "REST"],
        entrypoint: str,
        code: Code,
        seconds: float,
    ) -> None:
        """Counts one answer.

        As in TensorFlow Serving, `request_count` and `request_latency` are of
        Predict alone, the latter of answers without an error, and REST's label
        is in lower case.

        Args:
          model: name in the request, whatever it is.
          version: that answered; None if the request got to none.
          api: by which the request came; the label `entrypoint`.
          entrypoint: method, as "Predict"; the label `API`.
          code: of the answer.
          seconds: from request to answer.
        """
        if model not in self._known:
            if model in self._loaded():
                self._known.add(model)
            else:
                model = UNKNOWN
        method = entrypoint.lower() if api == "REST" else entrypoint
        number = "" if version is None else str(version)
        of = (model, number, method, api, code.name)
        self._labelled(self._answers, *of).inc()
        if entrypoint != "Predict":
            return
        self._labelled(self._requests, model, code.name).inc()
        if code == Code.OK:
            latency = self._labelled(self._latency, model, method, api)
            latency.observe(seconds * 1e6)

    def batch(self, rows: int, wait_seconds: float) -> None:
        """Counts one batch that ran.

        Args:
          rows: of all its requests, without padding.
          wait_seconds: of its first request.
        """
        self._rows.observe(rows)
        self._waits.observe(wait_seconds)

    def refused(self) -> None:
        """Counts one request that was too many."""
        self._refused.inc()

    def dropped(self) -> None:
        """Counts one request that ended before all of it ran."""
        self._dropped.inc()

    def exposition(self) -> bytes:
        """All of it in Prometheus's text format, version 0.0.4."""
        text = exposition.generate_latest(self._registry)
        # The library insists on a suffix that TensorFlow Serving does not use.
        return text.replace(f"{_COUNT}_total".encode(), _COUNT.encode())


class _Loaded(Collector):
    def __init__(self, loaded: Callable[[], Mapping[str, Collection[int]]]):
        self._loaded = loaded

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Called by the registry at each exposition."""
        family = GaugeMetricFamily(
            "tfdisent_available_version",
            "1 for each version that answers.",
            labels=["model_name", "version"],
        )
        for model, versions in self._loaded().items():
            for version in versions:
                family.add_metric([model, str(version)], 1)
        yield family
