"""Mapping a file's columns to the fields of a task."""

import re
from collections.abc import Collection, Iterable, Mapping
from unicodedata import normalize

from orca_desk.errors import UserError

FIELDS = (
    "query", "answer", "choices", "family", "context", "split", "tags", "answer_kind", "strategy", "id",
)  # fmt: skip

MAX_COLUMNS = 200  # that are reported
_IGNORED = dict.fromkeys(map(ord, " -_\ufeff\u00a0"))
# A heading may go on with an explanation: in brackets, after a dash or on the next line; or end in a colon
_LONGEST = 1000  # characters of a heading that may hold an explanation
_ASIDE = re.compile(r"\s*(?:\n.*|\s[-–—]\s.*|[(\[][^()\[\]]*[)\]]|:)\s*\Z", re.DOTALL)

_CONVERSATIONS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "chat")
# In order of preference. "instruction" comes before "input", so that Alpaca's pair is read as question and
# context; "input" alone is the question. Written as `plain` writes names.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "choices": (),  # found by `choices.choice_columns`
    "query": (
        "query", "question", "prompt", "problem", "instruction", "questionstem", "questiontext", "sentence",
        "user", "input", "inputs", "front", "goal", "ctx", "text", "stem", "q", *_CONVERSATIONS,
    ),
    "answer": (
        "answer", "reference", "referenceanswer", "correctanswer", "rightanswer", "target", "expected",
        "expectedanswer", "expectedoutput", "finalanswer", "answerkey", "correct", "correctoption",
        "correctchoice", "correctletter", "correctindex", "answeridx", "answerindex", "answerletter", "key",
        "ans", "correctans", "gold", "goldanswer", "goldenanswer", "goldlabel", "groundtruthanswer",
        "standardanswer", "shortanswer", "groundtruth", "ideal", "idealanswer", "bestanswer", "label",
        "cop", "answers", "targets", "references", "solution", "output", "completion", "response", "chosen",
        "back", "a",
    ),
    "family": ("family", "category", "subject", "topic", "tasktype", "task", "subset"),
    "context": (
        "context", "passage", "paragraph", "document", "article", "background", "support", "input", "premise",
        "body", "story", "scenario",
    ),
    "split": ("split", "set", "subset", "partition"),
    "tags": ("tags", "tag", "labels", "keywords"),
    "answer_kind": ("answerkind", "kind", "answertype", "type"),
    "strategy": ("strategy",),
    "id": ("id",),
}  # fmt: skip
# What spreadsheets call them elsewhere, in composed letters: German, French, Spanish, Italian, Portuguese,
# Dutch, Polish, Czech, Swedish, Turkish, Russian, Ukrainian, Greek, Vietnamese, Indonesian, Arabic, Hindi,
# Chinese, Japanese and Korean
_ELSEWHERE: dict[str, tuple[str, ...]] = {
    "query": (
        "frage", "fragetext", "aufgabe", "pregunta", "domanda", "pergunta", "questão", "vraag", "pytanie",
        "otázka", "fråga", "soru", "вопрос", "питання", "запитання", "ερώτηση", "câuhỏi", "pertanyaan",
        "soal", "سؤال", "السؤال", "प्रश्न", "问题", "問題", "题目", "題目", "質問", "設問", "질문", "문제",
    ),
    "answer": (
        "richtigeantwort", "korrekteantwort", "antwort", "lösung", "bonneréponse", "réponsecorrecte",
        "réponse", "reponse", "respuestacorrecta", "respuesta", "rispostacorretta", "risposta",
        "respostacorreta", "resposta", "antwoord", "prawidłowaodpowiedź", "odpowiedź", "odpověď", "svar",
        "doğrucevap", "cevap", "yanıt", "правильныйответ", "ответ", "правильнавідповідь", "відповідь",
        "απάντηση", "đápán", "trảlời", "jawaban", "الجواب", "الإجابة", "उत्तर", "正确答案", "正確答案",
        "答案", "正解", "答え", "解答", "回答", "정답", "답변", "답",
    ),
    "family": (
        "kategorie", "thema", "fach", "catégorie", "thème", "matière", "categoría", "tema", "categoria",
        "categorie", "kategoria", "kategori", "категория", "тема", "категорія", "类别", "類別", "分类",
        "分類", "カテゴリ", "カテゴリー", "분류", "카테고리",
    ),
    "context": ("kontext", "contexte", "contexto", "contesto", "контекст", "上下文", "文脈", "본문"),
}  # fmt: skip
_NAMES = {field: (*names, *_ELSEWHERE.get(field, ())) for field, names in _SYNONYMS.items()}
_ASKING = frozenset(_NAMES["query"])


def map_columns(
    columns: Iterable[str],
    mapping: Mapping[str, str] | None = None,
    *,
    aside: Collection[tuple[str, str]] = (),
) -> dict[str, str]:
    """Return field -> column for the columns of a file; `mapping` (field -> column) takes precedence.

    Names are compared without case, spaces, hyphens and underscores, and without an explanation that follows
    in brackets, after a dash or on the next line. Each column serves one field; columns that match none are
    left out, and so are the pairs (field, column) in `aside`. Raises UserError for an unknown field in
    `mapping`.
    """
    chosen = dict(mapping or {})
    if unknown := sorted(chosen.keys() - set(FIELDS)):
        raise UserError(f"A task has no field {unknown[0]!r}.", f"The fields are {', '.join(FIELDS)}.")
    free: dict[str, str] = {}
    for column in columns:
        if column not in chosen.values():
            free.setdefault(short_name(column), column)
            free[plain(column)] = column
    for field, synonyms in _NAMES.items():
        if field in chosen or not synonyms:
            continue
        for synonym in synonyms:
            found = free.get(synonym)
            if found is not None and (field, found) not in aside:
                chosen[field] = found
                for name in [name for name, one in free.items() if one == found]:
                    del free[name]
                break
    return chosen


def named_for(field: str, columns: Iterable[str]) -> list[str]:
    """Return the columns whose names fit a field."""
    return [column for column in columns if short_name(column) in _NAMES[field]]


def is_conversation(column: str) -> bool:
    """Return whether a column's name is one for conversations."""
    return short_name(column) in _CONVERSATIONS


def is_question(column: str) -> bool:
    """Return whether a column's name is one for questions."""
    return short_name(column) in _ASKING


def short_name(column: str) -> str:
    """Return a column's plain name without the explanations after it."""
    name, before = column.strip(), ""
    while name != before and len(name) <= _LONGEST:
        name, before = _ASIDE.sub("", name), name
    return plain(name or column)


def plain(name: str) -> str:
    """Return a column's name without case, spaces, hyphens and underscores, in composed letters."""
    return normalize("NFC", name).casefold().translate(_IGNORED)
