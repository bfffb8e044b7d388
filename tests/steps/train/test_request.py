"""The request of a training, and the form that is saved between starts."""

from pathlib import Path

import pytest
from doubles import QUICK, open_small, small_snapshot

from orca_desk.errors import UserError
from orca_desk.library.settings import set_setting
from orca_desk.library.trainings import create_training
from orca_desk.paths import bundled_models
from orca_desk.steps.train.request import (
    SETTING,
    SavedForm,
    TrainingRequest,
    request_of,
    save_form,
    saved_form,
)

BASE = bundled_models() / "mini-student"


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


def test_a_saved_form_is_read_again(library):
    assert saved_form(library) is None
    request = TrainingRequest(base=BASE, snapshot="abc", settings=QUICK)
    save_form(library, request, shows_all=True)
    assert saved_form(library) == SavedForm(base=BASE, snapshot="abc", settings=QUICK, shows_all=True)


@pytest.mark.parametrize("settings", [None, 3, {"unknown": 1}])
def test_settings_of_another_version_are_dropped_and_the_rest_is_used(library, settings):
    set_setting(library, SETTING, {"base": str(BASE), "snapshot": "abc", "settings": settings})
    assert saved_form(library) == SavedForm(base=BASE, snapshot="abc", settings=None, shows_all=False)


def test_a_saved_form_of_another_shape_is_ignored(library):
    set_setting(library, SETTING, "unreadable")
    assert saved_form(library) is None


def test_the_request_of_a_training_resumes_it(library):
    snapshot = small_snapshot(library)
    training = create_training(library, base=Path(BASE), snapshot=snapshot, settings=QUICK.to_dict())
    assert request_of(training) == TrainingRequest(base=BASE, snapshot=snapshot, settings=QUICK)
    other = create_training(library, base=BASE, snapshot=snapshot, settings={"unknown": 1})
    with pytest.raises(UserError):
        request_of(other)


def test_a_stored_request_is_read_again(library):
    request = TrainingRequest(base=BASE, snapshot="abc", settings=QUICK)
    assert TrainingRequest.from_json(request.to_json()) == request
    for other in ({}, {"base": 3}, {"base": str(BASE), "snapshot": "abc", "settings": None}):
        with pytest.raises(UserError):
            TrainingRequest.from_json(other)
