"""What a client can ask: the methods of `Client` and `AsyncClient`."""

import operator
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from tfdisent.errors import UsageError
from tfdisent.serving.client.address import is_rest
from tfdisent.serving.client.calls import Calls
from tfdisent.serving.client.grpc_wire import GrpcWire
from tfdisent.serving.client.inputs import (
    array_of,
    moves,
    pixels,
    rows_of,
    seeds,
)
from tfdisent.serving.client.rest_wire import RestWire
from tfdisent.serving.client.signatures import Signature
from tfdisent.serving.client.wire import ClientTls, Connection, Target
from tfdisent.serving.version_status import VersionStatus

_T = TypeVar("_T")


class Posterior(NamedTuple):
    """q(z|x) of images."""

    mean: np.ndarray  # [B, D]
    stddev: np.ndarray  # [B, D]


class Samples(NamedTuple):
    """Draws of the prior."""

    codes: np.ndarray  # [B, D]
    images: np.ndarray  # [B, H, W, C] in [0, 1]


_TOKEN = re.compile(r"[!-~]+")
_codes = operator.itemgetter("codes")
_images = operator.itemgetter("images")


class Endpoints:
    """The endpoints of `tfdisent.export.contract`, and what servers tell.

    Images are arrays [B, H, W, C] of floating point numbers in [0, 1], or of
    uint8, which are divided by 255. Numbers may be lists. Whether a shape is
    right is the server's to say. Of an `AsyncClient` each method gives a
    coroutine of what it says.

    All methods take `timeout`, seconds for the whole call with its pieces and
    retries, instead of the client's. All raise a ServingError with the code
    that the server gave; UNAVAILABLE if it cannot be reached, and
    DEADLINE_EXCEEDED if it does not answer in time. They raise a UsageError for
    pixels outside [0, 1], and for what is no array of numbers or strings.

    Args:
      address: "localhost:8500" speaks gRPC, "http://localhost:8501" or
        "https://..." REST.
      model: name of the model.
      version: that must answer; the newest one unless given.
      label: of the version that must answer.
      timeout: seconds.
      retries: how often a request is sent again after UNAVAILABLE, with
        growing pauses, while there is time.
      max_batch: most rows that are sent at once. Larger batches, and those
        whose request or answer would have over 4 MB, are split. One version
        answers all pieces: if it ends meanwhile the call begins again, once.
      token: sent as "Authorization: Bearer ...".
      tls: makes gRPC use TLS; with https it may be left out.

    Raises:
      UsageError: the options do not go together, or a file cannot be read.
    """

    def __init__(
        self,
        address: str,
        model: str,
        *,
        version: int | None = None,
        label: str | None = None,
        timeout: float = 10.0,
        retries: int = 3,
        max_batch: int = 1024,
        token: str | None = None,
        tls: ClientTls | None = None,
    ):
        if version is not None and label is not None:
            raise UsageError(
                f"version {version} and label {label!r} were given; give one."
            )
        if tls and address.startswith("http://"):
            raise UsageError(f"{address} has no TLS; write https://.")
        if token is not None and not _TOKEN.fullmatch(token):
            raise UsageError(
                "the token must be printable ASCII characters without a space."
            )
        target = Target(model, version, label)
        over_rest = is_rest(address)
        self._calls = Calls(
            RestWire(target) if over_rest else GrpcWire(target),
            self._connection(over_rest)(address, tls, token),
            timeout=timeout,
            retries=retries,
            max_batch=max_batch,
        )

    def _connection(self, is_rest: bool) -> type[Connection]:
        """Of the client's kind; imports the library for it."""
        raise NotImplementedError

    def _result(self, call: Coroutine[Any, Any, _T]) -> _T:
        """What a method gives for a call."""
        raise NotImplementedError

    def encode(
        self, images: ArrayLike, *, timeout: float | None = None
    ) -> Posterior:
        """The posterior q(z|x) of images."""
        inputs = {"images": pixels(images)}
        return self._ask("encode", inputs, _posterior, timeout)

    def encode_sample(
        self,
        images: ArrayLike,
        seed: ArrayLike,
        *,
        timeout: float | None = None,
    ) -> np.ndarray:
        """Codes [B, D] drawn from the posterior of images.

        Args:
          images: as all images.
          seed: [B] whole numbers, one for each row; one number n stands for
            n, n + 1, and so on.
          timeout: seconds.
        """
        images = pixels(images)
        inputs = {"images": images, "seed": seeds(seed, rows_of(images))}
        return self._ask("encode_sample", inputs, _codes, timeout)

    def decode(
        self, codes: ArrayLike, *, timeout: float | None = None
    ) -> np.ndarray:
        """Images [B, H, W, C] in [0, 1] of codes [B, D]."""
        inputs = {"codes": codes}
        return self._ask("decode", inputs, _images, timeout)

    def generate(
        self,
        codes: ArrayLike,
        seed: ArrayLike,
        *,
        timeout: float | None = None,
    ) -> np.ndarray:
        """As `decode`, of a model that takes noise beside the codes.

        Args:
          codes: [B, D].
          seed: of the noise, as for `encode_sample`; that of a sample draws
            the noise of the sample.
          timeout: seconds.
        """
        codes = array_of("codes", codes)
        inputs = {"codes": codes, "seed": seeds(seed, rows_of(codes))}
        return self._ask("generate", inputs, _images, timeout)

    def reconstruct(
        self, images: ArrayLike, *, timeout: float | None = None
    ) -> np.ndarray:
        """Images [B, H, W, C] decoded from the posterior mean of images."""
        inputs = {"images": pixels(images)}
        return self._ask("reconstruct", inputs, _images, timeout)

    def sample(
        self, seed: ArrayLike, *, timeout: float | None = None
    ) -> Samples:
        """Draws of the prior, one for each seed [B]; a number is one seed."""
        inputs = {"seed": seeds(seed)}
        return self._ask("sample", inputs, _samples, timeout)

    def traverse(
        self,
        codes: ArrayLike,
        latent: ArrayLike,
        values: ArrayLike,
        *,
        timeout: float | None = None,
    ) -> np.ndarray:
        """Images [B, K, H, W, C] of codes with one latent set to each value.

        Args:
          codes: [B, D].
          latent: [B] which latent of each row, or one for all.
          values: [B, K] its values in each row, or [K] for all.
          timeout: seconds.
        """
        inputs = {"codes": codes, **moves(latent, values, codes)}
        return self._ask("traverse", inputs, _images, timeout)

    def traverse_images(
        self,
        images: ArrayLike,
        latent: ArrayLike,
        values: ArrayLike,
        *,
        timeout: float | None = None,
    ) -> np.ndarray:
        """As `traverse`, from the posterior mean of images."""
        images = pixels(images)
        inputs = {"images": images, **moves(latent, values, images)}
        return self._ask("traverse_images", inputs, _images, timeout)

    def predict(
        self,
        signature: str,
        inputs: Mapping[str, ArrayLike],
        *,
        timeout: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Asks any signature of the model, as `metadata` lists them.

        Args:
          signature: its name.
          inputs: by name. Numbers become what the signature says, where no
            value is lost; strings, such as PNG files, are bytes.
          timeout: seconds.

        Returns:
          Arrays by output; strings are arrays of dtype object.
        """
        return self._ask(signature, inputs, dict, timeout)

    def metadata(self, *, timeout: float | None = None) -> dict[str, Signature]:
        """The model's signatures with their inputs and outputs, by name."""
        return self._result(self._calls.metadata(timeout))

    def versions(self, *, timeout: float | None = None) -> list[VersionStatus]:
        """What has become of the model's versions, newest first."""
        return self._result(self._calls.versions(timeout))

    def _ask(
        self,
        signature: str,
        inputs: Mapping[str, ArrayLike],
        form: Callable[[dict[str, np.ndarray]], _T],
        timeout: float | None,
    ) -> _T:
        calls = self._calls.predict(signature, inputs, form, timeout)
        return self._result(calls)


def _posterior(answer: dict[str, np.ndarray]) -> Posterior:
    return Posterior(answer["mean"], answer["stddev"])


def _samples(answer: dict[str, np.ndarray]) -> Samples:
    return Samples(answer["codes"], answer["images"])
