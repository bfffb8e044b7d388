"""What a snapshot contains: its families, the student's system message, its rules, what they left out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from orca_desk.counting import counted
from orca_desk.library.manifests import manifest, write_manifest
from orca_desk.library.notes import note_on
from orca_desk.library.snapshots import Snapshot, list_snapshots
from orca_desk.method.mixing import GroupMix
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.training.compare_dialog import CompareSnapshotsDialog
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.data_export_dialog import DataChoice
from orca_desk.ui.widgets.data_exports import DataExports
from orca_desk.ui.widgets.mix_bars import MixBars
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.save_file import ask_for_file
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.widgets.when import exactly
from orca_desk.ui.words.fitness import describe_left_out
from orca_desk.ui.words.hand_over import file_stem
from orca_desk.ui.words.snapshots import account_text, describe_rules, message_text, sentence


class SnapshotContent(QFrame):
    """Shows one snapshot, with what was asked for and what was fit beside what got in."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.snapshot: Snapshot | None = None
        self.dialog: CompareSnapshotsDialog | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        self.bars = MixBars(desk.theme)
        layout.addWidget(self.bars)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(1, 1)
        self.instruction = label(wrap=True, selectable=True, size="caption")
        self.rules = label(wrap=True, size="caption")
        self.left_out = label(wrap=True, size="caption")
        self.account = label(wrap=True, size="caption")
        self.identity = label(selectable=True, size="caption", wrap=True)
        rows = (
            ("System message", self.instruction),
            ("Rules", self.rules),
            ("Left out", self.left_out),
            ("Mix", self.account),
            ("Frozen", self.identity),
        )
        for row, (name, field) in enumerate(rows):
            field.setAccessibleName(name)
            grid.addWidget(label(name, size="caption", tone="muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(field, row, 1)
        layout.addLayout(grid)
        self.note = label(wrap=True, selectable=True)
        self.note.setAccessibleName("Your note")
        self.note.hide()
        layout.addWidget(self.note)
        layout.addLayout(self._build_buttons())
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.exports = DataExports(desk, self, notice=self.notice)
        desk.changed.connect(lambda parts: self._read_note() if "snapshots" in parts else None)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show `snapshot`."""
        self.snapshot = snapshot
        self.bars.show_groups(
            [
                GroupMix(name=family, available=n, asked=None, taken=n)
                for family, n in snapshot.families.items()
            ]
        )
        self.instruction.setText(message_text(snapshot.instruction))
        self.rules.setText(describe_rules(snapshot.rules))
        self.left_out.setText(sentence([describe_left_out(snapshot.left_out)]))
        self.account.setText("")
        self.identity.setText(f"{exactly(snapshot.created_at)}  ·  SHA-256 {snapshot.id}")
        library = self.desk.library
        self.desk.background.run(
            self, lambda: manifest(library, snapshot.id), self._show_manifest, only_newest="manifest"
        )
        self._read_note()

    def compare(self) -> None:
        """Compare this snapshot with another one."""
        library = self.desk.library
        self.desk.background.run(
            self, lambda: list_snapshots(library, derived=True), self._compare_with, only_newest="list"
        )

    def export(self) -> None:
        """Let the user export the training records of the snapshot."""
        if (frozen := self.snapshot) is not None:
            self.exports.ask(
                DataChoice(
                    name=f"Snapshot {frozen.name}: {counted(frozen.records, 'training record')}",
                    table="snapshot",
                    wanted={"of": frozen.id},
                    stem=file_stem(frozen.name),
                )
            )

    def save_manifest(self) -> None:
        """Ask for a file, and write the whole account of the snapshot to it."""
        if self.snapshot is None:
            return
        library, identity, say = self.desk.library, self.snapshot.id, self.desk.say

        def write(path: Path) -> None:
            self.desk.background.run(
                self,
                lambda: write_manifest(path, manifest(library, identity)),
                lambda done: say(f"Wrote {path.name}.", "good"),
            )

        ask_for_file(
            self,
            self.desk,
            title="Save the manifest",
            name=f"{self.snapshot.name}.manifest.json",
            kinds="JSON (*.json)",
            then=write,
        )

    def _read_note(self) -> None:
        if self.snapshot is not None:
            library, identity = self.desk.library, self.snapshot.id
            self.desk.background.run(
                self, lambda: note_on(library, "snapshot", identity), self._show_note, only_newest="note"
            )

    def _show_note(self, note: str) -> None:
        self.note.setText(f"Note: {note}")
        self.note.setVisible(bool(note))

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.compare_button = button(
            "Compare…",
            self.compare,
            tip="What this snapshot and another one have in common, and how they differ",
        )
        self.manifest_button = button(
            "Save manifest…",
            self.save_manifest,
            tip="Rules, counts, teachers, strategies, lengths and the hash of the snapshot, as JSON",
        )
        self.export_button = button(
            "Export…", self.export, tip="The training records, in the format of another program"
        )
        row.addWidget(self.compare_button)
        row.addWidget(self.export_button)
        row.addWidget(self.manifest_button)
        row.addStretch(1)
        return row

    def _show_manifest(self, found: Mapping[str, Any]) -> None:
        """Show what was fit and what was asked for, unless an earlier version froze the snapshot."""
        account = found["account"]
        if self.snapshot is None or found["snapshot"] != self.snapshot.id:
            return
        self.account.setText(account_text(found))
        if account is None:
            return
        groups = [GroupMix(**one) for one in account["mix"]["groups"]]
        if not groups:
            names = dict.fromkeys(one["family"] for one in account["cells"])
            groups = [
                GroupMix(
                    name=name,
                    asked=None,
                    available=sum(one["fit"] for one in account["cells"] if one["family"] == name),
                    taken=sum(one["taken"] for one in account["cells"] if one["family"] == name),
                )
                for name in names
            ]
        self.bars.show_groups(groups)

    def _compare_with(self, snapshots: list[Snapshot]) -> None:
        if self.snapshot is None:
            return
        if len(snapshots) < 2:
            self.desk.say("There is no other snapshot to compare with yet.", "")
            return
        self.dialog = CompareSnapshotsDialog(self.desk, snapshots, self.snapshot.id, self)
        self.dialog.finished.connect(self._forget)
        self.dialog.open()

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None
