"""The server in words."""

from pathlib import Path

from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.serving import NamedModel, ServingActivity, ServingReady
from orca_desk.ui.words.serving import activity_sentence, files_of, names_of, sign, sign_tip

MODELS = [
    NamedModel(
        name="tuned",
        model=ChatModel(part="student", model=Path("s.gguf"), adapter=Path("a.gguf"), training="training-2"),
    ),
    NamedModel(name="base", model=ChatModel(part="base", model=Path("s.gguf"))),
    NamedModel(name="teacher", model=ChatModel(part="teacher", model=Path("t.gguf"))),
]


def test_names_and_files() -> None:
    assert names_of(MODELS) == "tuned, base and teacher"
    assert names_of(MODELS[1:]) == "base and teacher"
    assert names_of(MODELS[:1]) == "tuned"
    assert files_of(MODELS).splitlines() == [
        "tuned: s.gguf with training-2",
        "base: s.gguf",
        "teacher: t.gguf",
    ]


def test_what_it_does() -> None:
    assert activity_sentence(ServingActivity(0, 0, 0)) == "idle"
    assert activity_sentence(ServingActivity(1, 0, 0)) == "1 answer running"
    assert (
        activity_sentence(ServingActivity(2, 1200, 1)) == "2 answers running; 1,200 answers, 1 token so far"
    )


def test_the_sign() -> None:
    here, everywhere = (
        ServingReady("http://127.0.0.1:6722/v1", True),
        ServingReady("http://desk:80/v1", False),
    )
    assert sign("on", here) == "Serving at 127.0.0.1:6722"
    assert sign("on", everywhere) == "Serving to the network at desk:80"
    assert sign("starting", None) == "Starting the server"
    assert "plain HTTP" in sign_tip(everywhere, MODELS, ServingActivity(0, 0, 0))
    assert "plain HTTP" not in sign_tip(here, MODELS, ServingActivity(0, 0, 0))
