"""A chat as Markdown, as a web page that runs nothing, and as JSON."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from orca_desk.errors import UserError
from orca_desk.library.chats import Chat, ChatMessage, add_message, ask_columns, create_columns
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks
from orca_desk.method.hidden_characters import visible
from orca_desk.method.records import Sampling, Task
from orca_desk.steps.chat.export import as_html, as_json, as_markdown, export_chat
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.transcript import Transcript, Turn

TASK = Task(family="sums", query="2 + 2?", answer="4", turns=(("user", "1 + 1?"), ("assistant", "2")))
MODELS = [(Path("/models/a.gguf"), None), (Path("/models/b.gguf"), Path("/models/c.gguf"))]

CHAT = Chat(
    id="chat-1", title="<i>", model=Path("/a"), adapter=None, system="", created_at="2026-01-01T00:00"
)


@pytest.fixture
def chat_id(library: Library) -> str:
    """A task, answered by one of two columns, then a free question with an answer that was cut."""
    add_tasks(library, [TASK])
    first, second = (one.id for one in create_columns(library, title="Sums", models=MODELS, system="S"))
    ask_columns(
        library, first, [ChatMessage(role="user", content=TASK.query, task=TASK.id, turns=TASK.turns)]
    )
    add_message(library, first, ChatMessage(role="assistant", content="Answer: 4", completion_tokens=3))
    ask_columns(library, first, [ChatMessage(role="user", content="More <b>of</b> it")])
    for column in (first, second):
        add_message(
            library, column, ChatMessage(role="assistant", content="**Well** &", finish_reason="length")
        )
    return first


class Tags(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text.append(data)


def test_markdown_holds_every_turn_and_column(library: Library, chat_id: str, tmp_path: Path) -> None:
    assert export_chat(library, chat_id, tmp_path / "chat.md") == 2
    text = (tmp_path / "chat.md").read_text("utf-8")
    for part in (
        "# Sums",
        "## System message\n\n> S",
        "**User, earlier:**\n\n> 1 + 1?",
        "*Task of sums. Reference answer: 4*",
        "### Teacher: a.gguf\n\n> Answer: 4\n\n*correct · 3 tokens*",
        "### Tuned student: b.gguf with c.gguf\n\n*No answer.*",
        "*cut off at the length limit*",
    ):
        assert part in text
    assert "/models" not in text


def test_json_holds_the_same_for_programs(library: Library, chat_id: str, tmp_path: Path) -> None:
    export_chat(library, chat_id, tmp_path / "chat.txt", "json")
    found = json.loads((tmp_path / "chat.txt").read_text("utf-8"))
    assert [one["model"] for one in found["columns"]] == ["a.gguf", "b.gguf"]
    assert found["turns"][0]["before"][1] == {"role": "assistant", "content": "2"}
    assert found["turns"][0]["answers"][0]["correct"] is True
    assert found["turns"][0]["answers"][1] is None
    assert found["turns"][1]["question"] == "More <b>of</b> it"


def test_another_ending_is_refused(library: Library, chat_id: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="neither Markdown"):
        export_chat(library, chat_id, tmp_path / "chat.docx")
    with pytest.raises(UserError, match="no chat"):
        export_chat(library, "chat-9", tmp_path / "chat.md")
    assert list(tmp_path.glob("chat.*")) == []


def test_the_web_page_keeps_markup_as_text(library: Library, chat_id: str, tmp_path: Path) -> None:
    export_chat(library, chat_id, tmp_path / "chat.html")
    page = Tags((tmp_path / "chat.html").read_text("utf-8"))
    assert "More <b>of</b> it" in page.text and "b" not in page.tags


@given(text=st.text(alphabet=st.sampled_from("<>&\"'/=!-script onload\u202e\n"), max_size=60))
@at_most(60)
def test_whatever_a_model_writes_is_text_in_the_web_page(text: str) -> None:
    chat_model = ChatModel(part="teacher", model=Path(f"/{text.replace('/', '') or 'x'}"))
    turn = Turn.new(text, system=text, task=None, columns=1)
    said = turn.answered(0, ChatMessage(role="assistant", content=text))
    transcript = Transcript(columns=(CHAT,), turns=(said,))
    page = Tags(as_html(transcript, [chat_model]))
    assert set(page.tags) == {"html", "head", "meta", "title", "style", "body", "h1", "p", "h2", "div"}
    assert text == "" or "".join(page.text).count(visible(text)) >= 3


PARTS = ("### Teacher: a.gguf", "```", "~~~", "<div>", "- ", "x", "", " ", "\r", "\r\n", "\n", "2.")


@given(text=st.lists(st.sampled_from(PARTS)).map("".join))
def test_nothing_that_an_answer_says_passes_for_the_file_around_it(text: str) -> None:
    said = ChatMessage(role="assistant", content=text)
    turn = Turn(question=text, system="", answers=(said,), verdicts=(None,), votes=(None,))
    transcript = Transcript(columns=(CHAT,), turns=(turn,))
    page = as_markdown(transcript, [ChatModel(part="base", model=Path("/a"))])
    outside = [one for one in MarkdownIt().parse(page) if one.level == 0 and one.nesting >= 0]
    assert [one.type for one in outside].count("blockquote_open") == 2
    heads = [one.tag for one in outside if one.type == "heading_open"]
    assert heads == ["h1", "h2", "h2", "h3"]


def test_hidden_characters_are_named_where_people_read_and_kept_for_programs() -> None:
    said = ChatMessage(role="assistant", content="\u202e21")
    turn = Turn(question="?", system="", answers=(said,), verdicts=(None,), votes=(None,))
    transcript = Transcript(columns=(CHAT,), turns=(turn,))
    models = [ChatModel(part="base", model=Path("/a"))]
    assert "> ‹RLO›21" in as_markdown(transcript, models) and "‹RLO›21" in as_html(transcript, models)
    assert json.loads(as_json(transcript, models))["turns"][0]["answers"][0]["content"] == "\u202e21"


def test_columns_of_one_model_are_told_apart_by_number_and_sampling() -> None:
    greedy, warm = Sampling(), Sampling(temperature=0.7, seed=3)
    answers = tuple(ChatMessage(role="assistant", content="4", sampling=one) for one in (greedy, warm))
    turn = Turn(question="2 + 2?", system="", answers=answers, verdicts=(None, None), votes=(None, None))
    transcript = Transcript(columns=(CHAT, CHAT), turns=(turn,))
    models = [ChatModel(part="base", model=Path("/a"))] * 2
    for text in (as_markdown(transcript, models), as_html(transcript, models)):
        first, second = text.index("Untuned base: a (column 1)"), text.rindex("Untuned base: a (column 2)")
        assert text.index("temperature 0<" if "<html" in text else "temperature 0*") > first
        assert text.index("temperature 0.7, seed 3") > second
    stored = json.loads(as_json(transcript, models))["turns"][0]["answers"]
    assert [one["sampling"]["temperature"] for one in stored] == [0.0, 0.7]
