"""One model of a server: its versions and which of them to load next."""

from collections.abc import Mapping

from tfdisent.export.messages import ModelConfig
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.version_status import State, VersionStatus
from tfdisent.serving.versions.served_version import ServedVersion
from tfdisent.serving.versions.version_source import Candidate, Offer

# TensorFlow Serving keeps all for ever, and its status answers grow.
_KEPT_ENDED = 10


class ServedModel:
    """The versions of a model, and the transitions between them.

    A transition keeps the model available: the new version is loaded first,
    the highest one before others, and what the policy no longer asks for goes
    when one that it asks for is AVAILABLE.

    Args:
      config: of the model.
      before: the model that this one replaces; it has the same base path, and
        the versions are shared.

    Attributes:
      config: of the model.
      versions: by number, those of the past too.
    """

    def __init__(
        self, config: ModelConfig, before: "ServedModel | None" = None
    ):
        self.config = config
        self.versions: dict[int, ServedVersion] = {}
        self._aspired: Mapping[int, Candidate] = {}
        if before is not None:
            self.versions |= before.versions

    def aspire(self, offer: Offer) -> None:
        """Takes the versions that are to be served from now on."""
        before, self._aspired = self._aspired, offer.versions
        for number, candidate in self._aspired.items():
            version = self.versions.get(number)
            is_other = before.get(number) != candidate
            if (
                version is None
                or version.is_gone
                or (version.has_failed and is_other)
            ):
                self.versions[number] = ServedVersion(number, candidate)
        self.forget_ended()

    def next_to_load(self, now: float) -> ServedVersion | None:
        """The highest version that is due to be loaded, if there is one."""
        for number in sorted(self._aspired, reverse=True):
            version = self.versions[number]
            if version.is_new or (
                version.has_failed and version.retry_at <= now
            ):
                return version
        return None

    def surplus(self) -> list[ServedVersion]:
        """Versions to unload, the lowest first."""
        available = self.available()
        if self._aspired and not any(n in self._aspired for n in available):
            return []
        return [v for n, v in available.items() if n not in self._aspired]

    def available(self) -> dict[int, ServedVersion]:
        """AVAILABLE versions by number, ascending."""
        return {
            number: version
            for number, version in sorted(self.versions.items())
            if version.state is State.AVAILABLE
        }

    def is_served(self) -> bool:
        """Whether a version that the policy asks for is AVAILABLE."""
        return any(number in self._aspired for number in self.available())

    def why_missing(self) -> str:
        """Why no version is served, in half a sentence."""
        failed = [v for v in self.versions.values() if v.has_failed]
        if not failed:
            return f"{self.config.name}: no version was found"
        last = max(failed, key=lambda version: version.number)
        return (
            f"{self.config.name} version {last.number}: {last.code.name},"
            f" {last.message}"
        )

    def forget_ended(self) -> None:
        """Drops what never began, and all but the highest that have ended."""
        idle = [
            number
            for number, version in sorted(self.versions.items())
            if number not in self._aspired
            and version.state in (State.START, State.END)
        ]
        ended = [n for n in idle if self.versions[n].state is State.END]
        for number in set(idle) - set(ended[-_KEPT_ENDED:]):
            del self.versions[number]

    def find(self, number: int | None) -> ServedVersion:
        """The version for a request.

        Args:
          number: of the version; None is the highest one.

        Raises:
          ServingError: NOT_FOUND, the version is not AVAILABLE.
        """
        if number is None:
            available = self.available()
            number = max(available, default=None)
        version = self.versions.get(number)
        if version is None or version.state is not State.AVAILABLE:
            raise not_served(self.config.name, number, self._failed(number))
        return version

    def _failed(self, number: int | None) -> int | None:
        """The highest version that a request wants and that has not loaded."""
        wanted = self._aspired if number is None else [number]
        versions = [self.versions[n] for n in wanted if n in self.versions]
        failed = [v.number for v in versions if v.has_failed]
        return max(failed, default=None)

    def statuses(self) -> list[VersionStatus]:
        """All versions, the highest first."""
        return [
            v.status for _, v in sorted(self.versions.items(), reverse=True)
        ]

    def check_labels(
        self, before: Mapping[str, int], allow_unavailable: bool
    ) -> None:
        """Refuses labels of versions that are not, or not long, AVAILABLE.

        Args:
          before: labels of the model so far.
          allow_unavailable: allow a label that has no other version so far.

        Raises:
          ServingError: FAILED_PRECONDITION.
        """
        for label, number in self.config.version_labels.items():
            is_moved = before.get(label, number) != number
            if allow_unavailable and not is_moved:
                continue
            if number not in self._aspired or number not in self.available():
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    f"Request to assign label to version {number} of model"
                    f" {self.config.name}, which is not currently available"
                    " for inference",
                )


def not_served(
    name: str, number: int | None, failed: int | None = None
) -> ServingError:
    """What a request for a version learns that is not AVAILABLE.

    Args:
      name: of the model.
      number: of the version; None is the highest one.
      failed: a version that it wanted and that did not load, if there is one.
    """
    which = (
        f"Latest({name})" if number is None else f"Specific({name}, {number})"
    )
    text = f"Servable not found for request: {which}"
    if failed is not None:
        text += (
            f". Version {failed} failed to load; GetModelStatus, over REST"
            f" /v1/models/{name}, tells why."
        )
    return ServingError(Code.NOT_FOUND, text)
