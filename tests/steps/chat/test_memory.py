"""How much memory the columns of a chat take together."""

from tiny_models import TinyModel

from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.chat.memory import chat_memory
from orca_desk.steps.chat.models import ChatModel
from orca_desk.ui.words.models import memory_warning

ROOM = 2**40


def test_columns_take_more_than_one_and_share_the_weights_of_a_file(tiny_llama: TinyModel) -> None:
    file = identify(tiny_llama.gguf)
    assert isinstance(file, ModelFile)
    column = ChatModel(part="base", model=file.path)
    one, two = (chat_memory([column] * count, [file], available=ROOM).needed for count in (1, 2))
    assert one < two == 2 * one - file.size_bytes


def test_only_columns_that_do_not_fit_are_warned_of(tiny_llama: TinyModel) -> None:
    file = identify(tiny_llama.gguf)
    assert isinstance(file, ModelFile)
    column = ChatModel(part="base", model=file.path)
    assert memory_warning(chat_memory([column] * 5, [file], available=ROOM), 5) == ""
    found = chat_memory([column] * 5, [file], available=2**27)
    assert memory_warning(found, 5).startswith("Together, these 5 columns need about ")
    assert memory_warning(found, 5).endswith(
        " of memory; 128 MiB is available: remove columns, or choose smaller models."
    )
    assert "This model needs about" in memory_warning(chat_memory([column], [file], available=2**20), 1)


def test_a_model_that_is_not_known_yet_is_not_warned_of(tiny_llama: TinyModel) -> None:
    assert chat_memory([ChatModel(part="base", model=tiny_llama.gguf)], [], available=0).fits
