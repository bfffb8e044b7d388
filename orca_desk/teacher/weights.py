"""A model's weights, which can move between the devices and the machine's memory while engines use them."""

from functools import cached_property
from pathlib import Path

from orca_desk.teacher.llama import NOWHERE, LlamaModel
from orca_desk.teacher.offload import ModelLayout, Placement, layout_of
from orca_desk.teacher.setup import Facts
from orca_desk.teacher.unpacked import unpacked


class Weights:
    """The weights of one file, and its vocabulary, which stays where it is when the weights move.

    `movable` is whether a device may hold them; then the vocabulary is loaded by itself, and the weights only
    by `load`. `users` counts the engines that share them. `unpacks` asks for weights as F16 where they stay
    in the machine's memory; `is_unpacked` is whether they are.
    """

    def __init__(self, path: Path, *, template: str | None, movable: bool, unpacks: bool = False) -> None:
        """Raises UserError for a file that cannot be used."""
        self.path, self.users = path, 1
        self.placement: Placement | None = None
        self._template = template
        self._model: LlamaModel | None = None
        self.is_unpacked = False
        if unpacks and not movable:
            with unpacked(path) as copy:
                self.vocabulary = LlamaModel(path, template=template, copy=copy)
            self.is_unpacked = copy is not None
        else:
            self.vocabulary = LlamaModel(path, vocabulary_only=movable, template=template)
        self.facts = self._facts(movable)
        if not movable:
            self._model, self.placement = self.vocabulary, NOWHERE

    @property
    def model(self) -> LlamaModel:
        """The loaded weights."""
        assert self._model, "not loaded"
        return self._model

    @cached_property
    def layout(self) -> ModelLayout:
        """How large each part of the file is."""
        return layout_of(self.path)

    def load(self, placement: Placement) -> None:
        """Load the weights as `placement` says, unless it is done. Raises MemoryRanOutError and UserError.

        Whatever was created from the model before must be closed.
        """
        lies = placement.devices, placement.shares, placement.layers
        if self.placement and (self.placement.devices, self.placement.shares, self.placement.layers) == lies:
            return
        self._unload()
        self._model = LlamaModel(self.path, template=self._template, placement=placement)
        self.placement = placement

    def release(self) -> None:
        """Free all, once the last engine has released it."""
        self.users -= 1
        if self.users == 0:
            self._unload()
            self.vocabulary.close()

    def _unload(self) -> None:
        self.placement = None
        if self._model and self._model is not self.vocabulary:
            self._model.close()
            self._model = None

    def _facts(self, movable: bool) -> Facts:
        model = self.vocabulary
        if not movable:
            return Facts(
                parameters=model.parameters,
                context=model.context,
                short_context=model.short_context,
                kv_bytes_per_token=model.kv_bytes_per_token,
            )
        return Facts(
            parameters=self.layout.parameters,
            context=self.layout.context,
            short_context=model.short_context,
            kv_bytes_per_token=self.layout.cache(0, len(self.layout.blocks), 1, "F16"),
        )
