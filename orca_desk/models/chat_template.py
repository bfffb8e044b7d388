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
    """Return chat_template.jinja, else the template in tokenizer_config.json (of several the default).

    Lone surrogates, which JSON can carry and UTF-8 cannot, become question marks.
    """
    if (folder / "chat_template.jinja").is_file():
        return read_text(folder / "chat_template.jinja") or None
    config = folder / "tokenizer_config.json"
    if not config.is_file():
        return None
    template = read_json(config).get("chat_template")
    if isinstance(template, list):
        named = {each.get("name"): each.get("template") for each in template if isinstance(each, dict)}
        template = named.get("default")
    if template is not None and not isinstance(template, str):
        raise UserError(f"The chat template in {config} is not a text.", HINT)
    return template.encode(errors="replace").decode() if template else None


def template_of_header(header: Header) -> str | None:
    """Return the chat template that a GGUF file carries."""
    return header.text("tokenizer.chat_template") or None
