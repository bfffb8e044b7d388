"""The forms of the Grow page hold what the user chose, and say what is missing."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.library.tasks import TaskFilter
from orca_desk.method.records import Sampling
from orca_desk.steps.grow.documents import DocumentsRequest
from orca_desk.steps.grow.like import LikeRequest
from orca_desk.ui.pages.grow.documents import DocumentsForm
from orca_desk.ui.pages.grow.like import LikeForm
from orca_desk.ui.window import Window

SAMPLING = Sampling(temperature=0.3, max_tokens=512, seed=7)


def test_documents_are_added_once_and_name_the_family(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    form = DocumentsForm(window.desk)
    qtbot.addWidget(form)
    with pytest.raises(UserError, match="No document"):
        form.value()
    assert form.list.isHidden() and not form.empty.isHidden()
    form.set_choices(["algebra"], [])
    with qtbot.waitSignal(form.changed):
        form.add_places([tmp_path / "owls.pdf", tmp_path])
    form.add_places([tmp_path])
    value = form.value()
    assert value.places == (str(tmp_path / "owls.pdf"), str(tmp_path))
    assert value.family == "owls"
    form.list.item(0).setSelected(True)
    form.remove.click()
    assert form.value().places == (str(tmp_path),)
    form.family.setCurrentText(" ")
    with pytest.raises(UserError, match="family"):
        form.value()


def test_a_form_shows_the_request_that_it_is_given(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    documents = DocumentsForm(window.desk)
    qtbot.addWidget(documents)
    asked = DocumentsRequest(
        places=(str(tmp_path),),
        model=str(tmp_path / "t.gguf"),
        family="owls",
        questions=3,
        most_words=100,
        limit=5,
        heldout=20.0,
        with_passage=False,
        sampling=SAMPLING,
    )
    documents.set_value(asked)
    assert documents.value() == asked
    like = LikeForm(window.desk)
    qtbot.addWidget(like)
    wanted = LikeRequest(
        model=str(tmp_path / "t.gguf"),
        seeds=TaskFilter(split="train", family="gone", tag="easy", text="pears", limit=9),
        changes=("harder",),
        each=2,
        answers=7,
        agreement=0.7,
        sampling=SAMPLING,
    )
    like.set_value(wanted)
    like.set_choices(["algebra"], [])
    assert like.value() == wanted
    like.changes["harder"].setChecked(False)
    with pytest.raises(UserError, match="No kind of change"):
        like.value()
