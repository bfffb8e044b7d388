"""A box to select a model from."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPaintEvent, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter

from orca_desk.models.fits import human_bytes
from orca_desk.models.model_file import ModelFile, ModelKind
from orca_desk.ui.desk import Desk
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.words.models import missing_model


class ModelPicker(QComboBox):
    """Selects a model of some types by name. `chosen` fires with each new selection, by user or program.

    The latest choice counts, whoever made it. While its model is missing, the box says so and selects
    nothing: another model must not slip into its place. Models that are refused stand last, with the reason,
    and cannot be selected by hand.
    """

    chosen = Signal(object)

    def __init__(
        self,
        desk: Desk,
        *kinds: ModelKind,
        prefer: str = "",
        why_not: Callable[[ModelFile], str] = lambda model: "",
    ) -> None:
        """`prefer` is a part of the path of the model to select first; `why_not` tells why one is refused."""
        super().__init__()
        self._desk, self._kinds, self._prefer, self._why_not = desk, kinds, prefer, why_not
        self._wanted: Path | None = None
        self.setMinimumContentsLength(24)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.currentIndexChanged.connect(self._picked)
        desk.models.changed.connect(self._fill)
        if desk.models.is_read:
            self._fill()
        else:
            desk.models.read()

    @property
    def path(self) -> Path | None:
        """The path of the chosen model, which may be missing; None if there is no model at all."""
        model = self.selected()
        return model.path if model else self._wanted

    def selected(self) -> ModelFile | None:
        """Return the selected model, or None while there is none."""
        chosen: ModelFile | None = self.currentData()
        return chosen

    def choose(self, path: Path) -> None:
        """Select the model at `path`; one that is not listed is looked for."""
        self._wanted = path
        if self._desk.models.is_read:
            self._fill()
            if self.selected() is None:
                self._desk.models.look_for(path)

    def showPopup(self) -> None:  # noqa: N802 - Qt's name
        """Show the list, wide enough for its longest line."""
        self.view().setMinimumWidth(
            self.view().sizeHintForColumn(0) + self.view().verticalScrollBar().width()
        )
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Shorten a long name in its middle: its end tells the quantisation."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideMiddle, room.width()
        )
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def _fill(self) -> None:
        before = self.selected()
        wanted = self._wanted or (before.path if before else None)
        self.blockSignals(True)
        self.clear()
        models = self._desk.models.of(*self._kinds)
        refused = {id(model): reason for model in models if (reason := self._why_not(model))}
        for model in sorted(models, key=lambda model: id(model) in refused):
            self._add(model, refused.get(id(model), ""))
        paths = [self.itemData(place).path for place in range(self.count())]
        if wanted in paths:
            self.setCurrentIndex(paths.index(wanted))
        elif wanted is not None:
            self._wanted = wanted
            self.insertItem(0, missing_model(wanted))
            self.setItemData(0, safe_tip(str(wanted)), Qt.ItemDataRole.ToolTipRole)
            self.setCurrentIndex(0)
        else:
            preferred = (
                n for n, path in enumerate(paths) if self._prefer and self._prefer in path.as_posix()
            )
            self.setCurrentIndex(next(preferred, 0 if paths else -1))
        self.blockSignals(False)
        self._show_tip()
        if self.selected() != before:
            self.chosen.emit(self.selected())

    def _add(self, model: ModelFile, refusal: str) -> None:
        about = refusal or f"{model.quantisation}, {human_bytes(model.size_bytes)}"
        self.addItem(f"{model.name}  ·  {about}", model)
        self.setItemData(self.count() - 1, safe_tip(str(model.path)), Qt.ItemDataRole.ToolTipRole)
        items = self.model()
        if refusal and isinstance(items, QStandardItemModel):
            items.item(self.count() - 1).setEnabled(False)

    def _picked(self) -> None:
        """Note a choice by hand, or by the program through the box itself."""
        if model := self.selected():
            self._wanted = model.path
        self._show_tip()
        self.chosen.emit(self.selected())

    def _show_tip(self) -> None:
        self.setToolTip(safe_tip(str(self.path)) if self.path else "")
