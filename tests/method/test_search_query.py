"""The language of searches: what is a word, what a field, and what is refused with which sentence."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.search_query import (
    FIELDS,
    Condition,
    QueryError,
    Term,
    has_terms,
    parse_query,
    terms_as_json,
    to_match,
)


def test_words_phrases_fields_and_what_must_not_match() -> None:
    query = parse_query('family:algebra wrong:yes "exact words" -tag:draft -loose tri')
    assert query.conditions == (
        Condition(field="family", values=("algebra",)),
        Condition(field="wrong", values=("yes",)),
        Condition(field="tag", values=("draft",), negated=True),
    )
    assert query.wanted == (Term(words=("exact", "words")), Term(words=("tri",), prefix=True))
    assert query.unwanted == (Term(words=("loose",), negated=True),)
    assert to_match(query.wanted) == '"exact words" AND "tri"*'


def test_values_in_quotes_have_spaces_and_commas_part_alternatives() -> None:
    assert parse_query('family:"word, problems" model:a,b split:held-out').conditions == (
        Condition(field="family", values=("word, problems",)),
        Condition(field="model", values=("a", "b")),
        Condition(field="split", values=("heldout",)),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("at 12:30", ["at", "12", "30"]),
        ("Note: compute", ["Note", "compute"]),
        ("Q:how", ["Q", "how"]),
        ("https://a.org", ["https", "a", "org"]),
        ("std::vector", ["std", "vector"]),
        ("x is -5", ["x", "is", "5"]),
        ('"unclosed', ["unclosed"]),
    ],
)
def test_what_only_looks_like_a_field_is_words(text: str, words: list[str]) -> None:
    query = parse_query(text)
    assert [word for term in query.wanted for word in term.words] == words
    assert not query.conditions and not query.unwanted


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("colour:red", "There is no field 'colour' to search by; the fields are family, split, tag,"),
        ("split:half", "The field 'split' cannot be 'half'. It can be: train, heldout."),
        ("tag:\ud800", "The search contains half a character"),
        ("x" * 5_001, "A search can have 5,000 characters at most, and this one has 5,001."),
        (" ".join(f"w{n}" for n in range(201)), "A search can have 200 words at most, and this one has 201."),
        ("tag:" + "a," * 51, "A search can have 50 values of fields at most, and this one has 51."),
        ("family: x", "The field 'family' needs a value right after the colon. For example: family:algebra"),
    ],
)
def test_a_search_that_cannot_be_read_says_why(text: str, sentence: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    assert str(caught.value).startswith(sentence)


def test_signs_alone_match_nothing_and_nothing_matches_all() -> None:
    assert parse_query("?!").is_void
    assert not parse_query("  ").is_void


@given(st.text(max_size=40))
def test_any_text_is_a_query_or_a_sentence_and_never_fts5s_language(text: str) -> None:
    try:
        query = parse_query(text)
    except QueryError as error:
        assert error.message and error.hint
        return
    if query.wanted:
        with closing(sqlite3.connect(":memory:")) as db:
            db.execute("CREATE VIRTUAL TABLE t USING fts5 (x)")
            db.execute("SELECT * FROM t WHERE t MATCH ?", (to_match(query.wanted),)).fetchall()


@given(st.sampled_from(sorted(name for name, allowed in FIELDS.items() if not allowed)), st.text(min_size=1))
def test_a_condition_that_is_typed_is_read_back(field: str, value: str) -> None:
    wanted = value.replace('"', "").strip()
    if wanted:
        assert parse_query(f'{field}:"{wanted}"').conditions == (Condition(field=field, values=(wanted,)),)


@given(st.text("abc éÉς_-.", max_size=20), st.text("abc éÉσ_-.", min_size=1, max_size=6))
def test_texts_without_an_index_match_as_the_index_does(text: str, search: str) -> None:
    terms = parse_query(search).wanted
    if not terms:
        return
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE t USING fts5 (x, tokenize='unicode61 remove_diacritics 2')")
        db.execute("INSERT INTO t VALUES (?)", (text,))
        indexed = bool(db.execute("SELECT 1 FROM t WHERE t MATCH ?", (to_match(terms),)).fetchone())
    assert has_terms(terms_as_json(terms), text) == indexed
