"""Which terms of a label get a tip."""

from hypothesis import given
from hypothesis import strategies as st

from orca_desk.handbook import glossary
from orca_desk.ui.words.glossary import AS_WRITTEN, LONGEST, MOST, tip_of


def test_a_short_label_explains_its_terms() -> None:
    assert tip_of("Learning &rate") == f"Learning rate: {glossary()['learning rate']}"
    assert tip_of("Held-out tasks").split("\n\n") == [
        f"Held out: {glossary()['held out']}",
        f"Task: {glossary()['task']}",
    ]
    assert tip_of("Families") == f"Family: {glossary()['family']}"
    assert tip_of("Erased") == f"Erase: {glossary()['erase']}"
    assert tip_of("GGUF files") == f"GGUF: {glossary()['gguf']}"
    assert tip_of("Lora") == f"LoRA: {glossary()['lora']}"


def test_sentences_and_other_words_get_none() -> None:
    assert tip_of("") == tip_of("Open folder") == tip_of("Frankly database") == ""
    assert tip_of("Bundled, based on") == ""
    assert tip_of("A teacher answers your tasks, and a student is trained on its answers.") == ""


@given(st.text(max_size=2 * LONGEST))
def test_any_text_gets_a_tip_of_the_glossary_or_none(text: str) -> None:
    meanings = {
        f"{AS_WRITTEN.get(term, term.capitalize())}: {meaning}" for term, meaning in glossary().items()
    }
    parts = tip_of(text).split("\n\n")
    assert parts == [""] or (len(parts) <= MOST and set(parts) <= meanings)
