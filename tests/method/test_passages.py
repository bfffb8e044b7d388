"""A document is cut at headings, paragraphs and sentences, and never inside a sentence."""

from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.passages import Block, Passage, count_words, cut, sentences


def test_sentences_end_where_a_reader_ends_them() -> None:
    text = 'Dr. J. Smith met e.g. Ann at no. 3. "Was it late?" It was 9.5 km away, cf. Fig. 2. 12 came.'
    assert sentences(text) == [
        "Dr. J. Smith met e.g. Ann at no. 3.",
        '"Was it late?"',
        "It was 9.5 km away, cf. Fig. 2.",
        "12 came.",
    ]
    assert sentences("犬がいる。猫もいる。", "ja") == ["犬がいる。", "猫もいる。"]
    assert sentences(" ") == []


def test_a_passage_stays_under_its_heading() -> None:
    blocks = [
        Block(text="Birds", level=1),
        Block(text="Birds lay eggs.", page=3),
        Block(text="Owls", level=2),
        Block(text="Owls hunt at night.", page=4),
        Block(text="Fish", level=1),
        Block(text="Fish swim in water.", page=5),
    ]
    assert list(cut(blocks, least_words=1)) == [
        Passage(text="Birds lay eggs.", heading="Birds", page=3),
        Passage(text="Owls hunt at night.", heading="Birds > Owls", page=4),
        Passage(text="Fish swim in water.", heading="Fish", page=5),
    ]


def test_short_paragraphs_share_a_passage_and_a_long_one_is_cut_at_a_sentence() -> None:
    short = [Block(text="One two three."), Block(text="Four five six.")]
    assert [one.text for one in cut(short, most_words=6, least_words=1)] == [
        "One two three.\n\nFour five six."
    ]
    long = [Block(text="One two three. Four five six. Seven eight.")]
    found = [one.text for one in cut(long, most_words=6, least_words=1)]
    assert found == ["One two three. Four five six.", "Seven eight."]


def test_what_says_too_little_is_left_out() -> None:
    assert list(cut([Block(text="See page 4.")])) == []


WORD = st.text("abcdefg", min_size=1, max_size=5)
SENTENCE = st.lists(WORD, min_size=1, max_size=12).map(lambda words: " ".join(words).capitalize() + ".")
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=6)


@given(st.lists(PARAGRAPH, max_size=6), st.integers(1, 20))
def test_no_sentence_is_cut_or_lost(paragraphs: list[list[str]], most: int) -> None:
    blocks = [Block(text=" ".join(paragraph)) for paragraph in paragraphs]
    passages = list(cut(blocks, most_words=most, least_words=0))
    found = [one for passage in passages for part in passage.text.split("\n\n") for one in sentences(part)]
    wanted = [one for paragraph in paragraphs for one in sentences(" ".join(paragraph))]
    assert found == wanted
    for passage in passages:
        assert passage.words <= most or len(sentences(passage.text)) == 1
        assert passage.words == count_words(passage.text)
