"""The list of presets above the training settings, and a menu to save, rename, delete and share one's own."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QToolButton,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.steps.train.presets import (
    CUSTOM,
    DEMO,
    SHIPPED,
    STORE,
    TrainingPreset,
    default_for,
    delete_preset,
    export_preset,
    import_preset,
    list_presets,
    rename_preset,
    restore_preset,
    save_preset,
    set_default,
    usual_for,
)
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, icon_size
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.asking import AskingDialog, LineDialog, refuse_in
from orca_desk.ui.widgets.save_file import ask_for_file, saved
from orca_desk.ui.widgets.text import label, safe_tip

KINDS = "Presets (*.json)"


class PresetBar(QWidget):
    """Shows which preset the settings equal. `chosen` has the settings of a preset that the user took."""

    chosen = Signal(object)

    def __init__(self, desk: Desk, value: Callable[[], TrainSettings], notice: Callable[[], Any]) -> None:
        """`value` returns the settings of the form, or raises UserError; `notice` the notice of the page."""
        super().__init__()
        self._desk, self._value, self._notice = desk, value, notice
        self.presets: list[TrainingPreset] = []
        self._base: Path | None = None
        self._stamp = (0, 0)  # of the file with the user's presets when it was read
        self._followed = ""  # the preset that the base began with
        self.box = QComboBox()
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(8)
        self.box.setAccessibleName("Settings preset")
        self.menu_button = QToolButton()
        self.menu_button.setIconSize(icon_size(16))
        self.menu_button.setAccessibleName("Presets")
        self.menu_button.setToolTip("Save, rename, delete and share presets")
        self.menu_button.clicked.connect(self.show_menu)
        words = label("&Settings", bold=True)
        words.setBuddy(self.box)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(words)
        row.addWidget(self.box, 1)
        row.addWidget(self.menu_button)
        self.box.activated.connect(self._take)
        self.box.currentTextChanged.connect(lambda text: self.box.setToolTip(safe_tip(text)))  # it may be cut
        desk.theme.changed.connect(self._paint)
        self._paint()
        self.reload()

    def reload(self) -> None:
        """Read the presets again; where the user's cannot be read, the notice says so."""
        before, self._stamp = self.name, STORE.stamp
        try:
            self.presets = list_presets()
        except UserError as error:
            self.presets = [
                TrainingPreset(name=name, settings=one, is_shipped=True) for name, one in SHIPPED.items()
            ]
            self._desk.report(error)
        self.box.blockSignals(True)
        self.box.clear()
        for preset in self.presets:
            self.box.addItem(preset.name, preset)
        self.box.addItem(CUSTOM, None)
        model = self.box.model()
        assert isinstance(model, QStandardItemModel)
        for place, preset in enumerate(self.presets):
            if preset.settings is None:
                model.item(place).setEnabled(False)
                model.item(place).setToolTip(f"Another version of Orca Desk saved it: {preset.problem}")
        self.box.setCurrentIndex(max(self.box.findText(before), 0))
        self.box.blockSignals(False)
        self.mark()

    def event(self, event: QEvent) -> bool:
        """Read the presets again when the window comes to the front, if another window has changed them."""
        if event.type() in (QEvent.Type.WindowActivate, QEvent.Type.Show) and self._stamp != STORE.stamp:
            self.reload()
        return super().event(event)

    @property
    def name(self) -> str:
        """The name of the preset that is shown; "Custom" for settings that are none."""
        return self.box.currentText()

    def mark(self) -> None:
        """Show which preset the settings equal; the one that is shown stays if several do."""
        try:
            value = self._value()
        except UserError:
            value = None
        names = [one.name for one in self.presets if value is not None and one.settings == value]
        if self.name not in names:
            self.box.setCurrentText(names[0] if names else CUSTOM)

    def follow(self, base: Path, *, has_choice: bool) -> bool:
        """Take the preset that the base begins with; return whether that was done.

        Settings of the user's own stay (`has_choice`), unless they are just what the base before began with.
        The demo's never go along: they suit the mini student alone.
        """
        self._base = base
        followed, self._followed = self._followed, self._default_of(base)
        goes_along = self.name == DEMO != self._followed or self.name == followed
        if has_choice and not goes_along:
            self.mark()
            return False
        settings = self._settings_of(self._followed)
        if settings is not None:
            self.chosen.emit(settings)
        self.box.setCurrentText(self._followed)
        self.mark()
        return True

    def save(self) -> None:
        """Ask for a name, and save the settings as a preset."""
        try:
            settings = self._value()
        except UserError as error:
            self._notice().show_error(error)
            return
        own = self._own()
        name = own.name if own else ""
        save = partial(self._save, settings)
        LineDialog(self, "Name of the preset", name, save, action="Save", is_new=True).open()

    def show_menu(self) -> None:
        """Show what can be done with presets."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        own = self._own()
        menu.addAction("&Save as preset…", self.save)
        for text, run in (("&Rename…", self._rename), ("&Delete", self._delete)):
            action = menu.addAction(text, run)
            action.setEnabled(own is not None)
            if own is None:
                action.setToolTip("Choose one of your own presets first")
        menu.addSeparator()
        if self._base is not None:
            action = menu.addAction(f"&Use it by default for {self._base.name.replace('&', '&&')}")
            action.setCheckable(True)
            action.setChecked(self.name == self._default_of(self._base))
            action.setEnabled(self.name != CUSTOM)
            action.triggered.connect(self._set_default)
        menu.addSeparator()
        menu.addAction("&Export preset…", self._export).setEnabled(self.name != CUSTOM)
        menu.addAction("&Import preset…", self._import)
        menu.popup(self.menu_button.mapToGlobal(QPoint(0, self.menu_button.height())))

    def _own(self) -> TrainingPreset | None:
        """Return the preset that is shown, if it is the user's."""
        preset: TrainingPreset | None = self.box.currentData()
        return preset if preset is not None and not preset.is_shipped else None

    def _settings_of(self, name: str) -> TrainSettings | None:
        return next((one.settings for one in self.presets if one.name == name), None)

    def _default_of(self, base: Path) -> str:
        try:
            name = default_for(base)
        except UserError:  # `reload` has said it
            return usual_for(base)
        return name if self._settings_of(name) is not None else usual_for(base)

    def _take(self, place: int) -> None:
        preset: TrainingPreset | None = self.box.itemData(place)
        if preset is not None and preset.settings is not None:
            self.chosen.emit(preset.settings)
        self.mark()

    def _do(
        self,
        text: str,
        work: Callable[[], Any],
        undo: Callable[[Any], Any],
        then: Callable[[Any], Any],
        asking: AskingDialog | None = None,
    ) -> None:
        failed = self._notice().show_error

        def done(result: Any) -> None:
            self.reload()
            then(result)
            if asking is not None:
                asking.close_saved()

        self._desk.do(
            text,
            work,
            undo,
            then=done,
            undone=self.reload,
            failed=failed if asking is None else refuse_in(asking, failed),
        )

    def _save(self, settings: TrainSettings, name: str, asking: AskingDialog) -> None:
        def undo(before: Any) -> None:
            if before is None:
                delete_preset(name)
            else:
                restore_preset(name, (before, []))

        def then(before: Any) -> None:
            self.box.setCurrentText(name)
            what = f"Saved the preset {name}." if before is None else f"Replaced the preset {name}."
            self._desk.say(f"{what} Press Ctrl+Z to undo.", "good")

        self._do("save a preset", lambda: save_preset(name, settings), undo, then, asking)

    def _rename(self) -> None:
        own = self._own()
        if own is None:
            return
        old = own.name

        def rename(new: str, asking: AskingDialog) -> None:
            self._do(
                "rename a preset",
                lambda: rename_preset(old, new),
                lambda _: rename_preset(new, old),
                lambda _: self.box.setCurrentText(new),
                asking,
            )

        LineDialog(self, "Name of the preset", old, rename).open()

    def _delete(self) -> None:
        own = self._own()
        if own is not None:
            name = own.name
            self._do(
                "delete a preset",
                lambda: delete_preset(name),
                lambda deleted: restore_preset(name, deleted),
                lambda _: self._desk.say(f"Deleted the preset {name}. Press Ctrl+Z to undo."),
            )

    def _set_default(self, on: bool) -> None:
        base, name = self._base, self.name
        if base is None:
            return
        self._followed = name if on else self._followed
        said = (
            f"{base.name} starts with {name} from now on."
            if on
            else f"{base.name} starts with the usual settings again."
        )
        self._desk.do(
            "choose the preset of a base",
            lambda: set_default(base, name if on else None),
            lambda before: set_default(base, before),
            then=lambda _: self._desk.say(said, "good"),
            failed=self._notice().show_error,
        )

    def _export(self) -> None:
        name = self.name
        ask_for_file(
            self,
            self._desk,
            title="Export preset",
            name=f"{name}.json".replace("/", "-"),
            kinds=KINDS,
            then=lambda path: self._desk.background.run(
                self,
                lambda: export_preset(name, path),
                lambda _: saved(self._notice(), path, "Preset saved to"),
                failed=self._notice().show_error,
            ),
        )

    def _import(self) -> None:
        dialog = QFileDialog(self, "Import preset", "", KINDS)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda text: self.import_file(Path(text)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def import_file(self, path: Path) -> None:
        """Add the preset of a file, and take it."""

        def take(name: str) -> None:
            self._take(self.box.findText(name))
            self._desk.say(f"Added the preset {name}.", "good")

        self._do("import a preset", lambda: import_preset(path), delete_preset, take)

    def _paint(self) -> None:
        self.menu_button.setIcon(icon("save", self._desk.theme.colours))
