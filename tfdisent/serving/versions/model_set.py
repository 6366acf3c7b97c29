"""The models of a server, and how one set of them becomes another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from tfdisent.errors import UsageError
from tfdisent.export.messages import ModelServerConfig
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.versions.loader import Loader
from tfdisent.serving.versions.scans import Scans
from tfdisent.serving.versions.served_model import ServedModel
from tfdisent.serving.versions.version_source import Offer

_log = logging.getLogger("tfdisent.serving")


class ModelSet:
    """Models, of which one method changes something at a time.

    Args:
      config: that has passed `check_model_config`.
      scans: looks at base paths.
      loader: loads and unloads.
      clock: seconds that only grow.
      allow_labels_for_unavailable: as `ModelManager` has it.

    Attributes:
      by_name: the models that requests see.
      is_closed: whether no other version may be loaded.
    """

    def __init__(
        self,
        config: ModelServerConfig,
        scans: Scans,
        loader: Loader,
        clock: Callable[[], float],
        allow_labels_for_unavailable: bool,
    ):
        self.by_name = {
            model.name: ServedModel(model)
            for model in config.model_config_list.config
        }
        self.is_closed = False
        self._scans = scans
        self._loader = loader
        self._clock = clock
        self._allow_labels = allow_labels_for_unavailable
        self._notes: dict[str, tuple[str, ...]] = {}

    async def start(self) -> None:
        """Loads what the base paths offer, for the first time.

        Raises:
          UsageError: a base path lies outside of the allowed roots.
        """
        models = list(self.by_name.values())
        for failure in (await self._look(models)).values():
            if isinstance(failure, UsageError):
                raise failure
        await self._settle()
        for model in models:
            try:
                model.check_labels({}, self._allow_labels)
            except ServingError as error:
                _log.warning("%s", error.message)

    async def update(self) -> None:
        """Loads and unloads what the base paths offer now."""
        await self._look(list(self.by_name.values()))
        await self._settle()

    async def replace(self, config: ModelServerConfig) -> None:
        """Makes this the set of a config, or changes nothing.

        Args:
          config: that has passed `check_model_config`.

        Raises:
          ServingError: as `ModelManager.reload`.
        """
        staged = {}
        for entry in config.model_config_list.config:
            old = self.by_name.get(entry.name)
            if old is not None and old.config == entry:
                staged[entry.name] = old
                continue
            is_moved = old is None or old.config.base_path != entry.base_path
            staged[entry.name] = ServedModel(entry, None if is_moved else old)
        changed = [
            model
            for name, model in staged.items()
            if model is not self.by_name.get(name)
        ]
        try:
            await self._prepare(changed)
        except BaseException:
            self._unload_unless_in(self.by_name.values(), changed)
            raise
        before, self.by_name = self.by_name, staged
        self._unload_unless_in(staged.values(), before.values())
        self._notes = {k: v for k, v in self._notes.items() if k in staged}
        for model in changed:
            self._unload_surplus(model)
        _log.info("config: %d models", len(staged))

    def close(self) -> None:
        """Unloads everything; who uses a version keeps it until then."""
        self._unload_unless_in((), self.by_name.values())

    async def _prepare(self, models: list[ServedModel]) -> None:
        """Loads models that no request sees yet, and checks their labels."""
        failures = await self._look(models)
        for name, failure in failures.items():
            if isinstance(failure, UsageError):
                raise ServingError(
                    Code.INVALID_ARGUMENT,
                    f"base_path of model {name!r} must lie in one of the"
                    " folders that this server may read.",
                )
        for model in models:
            while await self._load_next(model):
                pass
        if self.is_closed:
            raise ServingError(Code.UNAVAILABLE, "The server is stopping.")
        missing = [model for model in models if not model.is_served()]
        if missing:
            raise ServingError(
                Code.UNKNOWN,
                f"{len(missing)} model(s) did not become available:"
                f" {{{'; '.join(model.why_missing() for model in missing)}}}",
            )
        for model in models:
            old = self.by_name.get(model.config.name)
            labels = {} if old is None else old.config.version_labels
            model.check_labels(labels, self._allow_labels)

    async def _look(self, models: list[ServedModel]) -> dict[str, Exception]:
        """Tells models what their base paths offer; returns what failed."""
        offers = await self._scans.look([model.config for model in models])
        failures = {}
        for model, offer in zip(models, offers, strict=True):
            name = model.config.name
            if isinstance(offer, Offer):
                self._note(name, offer.warnings)
                model.aspire(offer)
            else:
                failures[name] = offer
                path = model.config.base_path
                why = str(getattr(offer, "strerror", None) or repr(offer))
                why = " ".join(why.split())
                self._note(name, (f"{path!r}: {why}; nothing changes",))
        return failures

    def _note(self, name: str, notes: tuple[str, ...]) -> None:
        """Logs what was not so at the last look."""
        for note in notes:
            if note not in self._notes.get(name, ()):
                _log.warning("%s: %s", name, note)
        self._notes[name] = notes

    async def _settle(self) -> None:
        for model in self.by_name.values():
            self._unload_surplus(model)
            while await self._load_next(model):
                self._unload_surplus(model)

    async def _load_next(self, model: ServedModel) -> bool:
        """Loads the version that is due, if there is one."""
        version = None if self.is_closed else model.next_to_load(self._clock())
        if version is None:
            return False
        await self._loader.load(model.config.name, version)
        return True

    def _unload_surplus(self, model: ServedModel) -> None:
        for version in model.surplus():
            self._loader.unload(model.config.name, version)

    def _unload_unless_in(
        self, kept: Iterable[ServedModel], models: Iterable[ServedModel]
    ) -> None:
        keep = {id(v) for model in kept for v in model.versions.values()}
        for model in models:
            for version in model.available().values():
                if id(version) not in keep:
                    self._loader.unload(model.config.name, version)
