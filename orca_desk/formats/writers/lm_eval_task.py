"""A task folder of lm-eval: a YAML file and its documents for each way to compare answers.

lm-eval compares texts. It takes a number from the end of what the model wrote, and a letter from where the
text calls it the answer or where it stands alone; otherwise the last line must be the answer, apart from case
and punctuation. That is stricter than Orca Desk's own grading.
"""

import re
from collections.abc import Iterable
from typing import Any, Literal

from orca_desk.formats.writers.data_row import DataRow

Compared = Literal["number", "choice", "text"]
FOLDER_NOTE = "lm-eval finds the documents from inside this folder: run it there."
_LETTER = re.compile(r"[A-Z]")
_NUMBER = re.compile(r"-?\$?\d[\d,]*(?:\.\d+)?")
# "A" and "I" are words, too: they are letters of choices where a sign, the end or a reason follows
_ALONE = r"(?<![A-Za-z0-9])"
_ENDS = r"(?![A-Za-z0-9'’])"
_SURE = rf"(?:([B-HJ-Z]){_ENDS}|([AI])(?=[*\s]*(?:[.,;:)\]\"\n]|\Z|because\b|since\b|as\b)))"
_CHOICE = "|".join(  # the first of these that a text has anywhere; of several such the last
    (
        rf".*(?i:answer|choice|option|correct)(?i:\s+(?:is|was|letter|option|choice))*[\s:=*\"(\[]*{_SURE}",
        r".*[(\[]([A-Z])[)\]]",
        r"[\s*]*([A-Z])\**(?:[.):]|\s*(?:\n|\Z))",
        r".*\n[\s*]*([A-Z])\**[.):]?\s*(?:\n|\Z)",
        rf".*{_ALONE}{_SURE}",
    )
)
_PATTERNS: dict[Compared, str] = {
    "number": r"(-?\d[\d,]*(?:\.\d+)?)",
    "choice": rf"(?s)\A(?:{_CHOICE})",
    "text": r"([^\n]+?)\.?\s*$",
}
_FILTER = "answer"
_METRIC = "exact_match"
MAX_TOKENS = 1024


def compared_as(row: DataRow) -> Compared:
    """Return how lm-eval can compare a row's answer with a model's."""
    answer = (row.answer or "").strip()
    if _NUMBER.fullmatch(answer) and row.kind in (None, "number", "math"):
        return "number"
    if _LETTER.fullmatch(answer) and row.kind in (None, "choice"):
        return "choice"
    return "text"


def task_yaml(name: str, compared: Compared) -> str:
    """Return the YAML of the task of the documents that are compared in one way."""
    return _dump({
        "task": task_name(name, compared),
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": f"{compared}.jsonl"}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{question}}",
        "doc_to_target": "{{answer}}",
        "generation_kwargs": {"until": [], "do_sample": False, "max_gen_toks": MAX_TOKENS},
        "filter_list": [{
            "name": _FILTER,
            "filter": [
                {"function": "regex", "regex_pattern": _PATTERNS[compared], "group_select": -1},
                {"function": "take_first"},
            ],
        }],
        "metric_list": [{
            "metric": _METRIC,
            "aggregation": "mean",
            "higher_is_better": True,
            "ignore_case": compared == "text",
            "ignore_punctuation": compared == "text",
            **({"regexes_to_ignore": [",", r"\$"]} if compared == "number" else {}),
        }],
        "metadata": {"version": 1},
    })  # fmt: skip


def group_yaml(name: str, parts: Iterable[Compared]) -> str:
    """Return the YAML of the group that has all of them, called `name`."""
    return _dump({
        "group": name,
        "task": [task_name(name, one) for one in parts],
        "aggregate_metric_list": [{
            "metric": _METRIC, "aggregation": "mean", "weight_by_size": True, "filter_list": [_FILTER]
        }],
        "metadata": {"version": 1},
    })  # fmt: skip


def task_name(name: str, compared: Compared) -> str:
    """Return the name of the task of the documents that are compared in one way."""
    return f"{name}_{compared}"


def group_name(folder: str) -> str:
    """Return the name of the group that a folder holds; lm-eval's own tasks have none like it."""
    return f"orca_desk_{re.sub(r'[^a-z0-9]+', '_', folder.casefold()).strip('_') or 'tasks'}"


def _dump(values: dict[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump(values, sort_keys=False, allow_unicode=True))
