"""A model's chat template, read without loading the model: from a Hugging Face folder or a GGUF file."""

from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.models.config import HINT, read_json, read_text
from orca_desk.models.gguf_header import Header, read_header


def read_chat_template(path: Path) -> str | None:
    """Return the Jinja chat template of the model at `path`, or None if it has none.

    Raises UserError for a file that is damaged.
    """
    return template_of_folder(path) if path.is_dir() else template_of_header(read_header(path))


def template_of_folder(folder: Path) -> str | None:
    """Return chat_template.jinja, else the template in a JSON file (of several the default).

    That is tokenizer_config.json, or chat_template.json, which models for pictures have. Lone surrogates,
    which JSON can carry and UTF-8 cannot, become question marks.
    """
    if (folder / "chat_template.jinja").is_file():
        return read_text(folder / "chat_template.jinja") or None
    for name in ("tokenizer_config.json", "chat_template.json"):
        if (folder / name).is_file() and (template := _in_json(folder / name)):
            return template.encode(errors="replace").decode()
    return None


def _in_json(path: Path) -> str | None:
    template = read_json(path).get("chat_template")
    if isinstance(template, list):
        named = {each.get("name"): each.get("template") for each in template if isinstance(each, dict)}
        template = named.get("default")
    if template is not None and not isinstance(template, str):
        raise UserError(f"The chat template in {path} is not a text.", HINT)
    return template


def template_of_header(header: Header) -> str | None:
    """Return the chat template that a GGUF file carries."""
    return header.text("tokenizer.chat_template") or None
