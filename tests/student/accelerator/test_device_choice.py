"""Which device a training takes, what it gives up to fit there, and what it says where it cannot."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from orca_desk.errors import UserError
from orca_desk.machine.devices import Listed
from orca_desk.models.fits import training_fit
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.paths import bundled_models
from orca_desk.student.accelerator import choice, plan
from orca_desk.student.accelerator.choice import choose_device, choose_device_dtype, same_device
from orca_desk.student.accelerator.memory import plan_memory
from orca_desk.student.accelerator.scaling import START, STEADY, LossScale
from orca_desk.student.devices import listed_devices
from orca_desk.student.settings import TrainSettings

GIB = 2**30


def _listed(name: str, free: int = GIB) -> Listed:
    return Listed(
        name=name, description=f"Card {name}", kind="cuda", total=8 * GIB, free=free, address="", shared=False
    )


def _lists(monkeypatch: pytest.MonkeyPatch, *devices: Listed, choose: str = "auto") -> None:
    monkeypatch.setenv("ORCA_DESK_DEVICE", choose)
    monkeypatch.setattr(choice, "listed_devices", lambda: devices)


def test_a_machine_without_devices_trains_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    _lists(monkeypatch)
    assert choose_device().name == "cpu"
    assert choose_device().note == ""


def test_the_emptiest_device_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    _lists(monkeypatch, _listed("cpu:0", GIB), _listed("cpu:1", 2 * GIB))
    monkeypatch.setattr(choice, "_failure", lambda device: None)
    assert choose_device().name == "cpu:1"


def test_a_card_that_another_program_fills_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def free(number: int) -> tuple[int, int]:
        if number == 0:
            raise torch.OutOfMemoryError("CUDA error: out of memory")
        return GIB, 8 * GIB

    properties = SimpleNamespace(name="Card", total_memory=8 * GIB)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: properties)
    monkeypatch.setattr(torch.cuda, "mem_get_info", free)
    monkeypatch.setattr(choice, "_failure", lambda device: None)
    monkeypatch.setenv("ORCA_DESK_DEVICE", "auto")
    assert [one.free for one in listed_devices()] == [0, GIB]
    assert choose_device().name == "cuda:1"


def test_the_cpu_is_taken_where_the_user_chose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _lists(monkeypatch, _listed("cpu:0"), choose="cpu")
    assert choose_device().name == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a torch that has no CUDA")
def test_a_device_that_fails_is_passed_over_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a card for which this build of torch has no code: here it has none at all."""
    _lists(monkeypatch, _listed("cuda:0"))
    chosen = choose_device()
    assert chosen.name == "cpu"
    assert "Card cuda:0 fails at a first product" in chosen.note


def test_a_device_that_fails_without_a_text_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> torch.Tensor:
        raise AssertionError

    _lists(monkeypatch, _listed("cpu:0"))
    monkeypatch.setattr(torch, "ones", fails)
    assert "fails at a first product (AssertionError)" in choose_device().note


def test_a_chosen_device_that_fails_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _lists(monkeypatch, _listed("cuda:0"), choose="cuda:0")
    monkeypatch.setattr(choice, "_failure", lambda device: "no kernel image is available")
    with pytest.raises(UserError, match="Card cuda:0 fails at a first product: no kernel image"):
        choose_device()


def test_a_device_that_fails_while_kernels_are_compared_is_left_with_a_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A kernel that crashes takes the whole device from the process, whichever would have worked."""
    _lists(monkeypatch, _listed("meta"))
    failures = iter([None, "an illegal memory access was encountered"])
    monkeypatch.setattr(choice, "_failure", lambda device: next(failures))
    monkeypatch.setattr(plan, "_decide", lambda *_: {"dtype": "float32"})
    decided = plan.decide_on_device(identify(bundled_models() / "mini-student"), TrainSettings(), [10])
    assert decided == {
        "device": "cpu",
        "device_name": "CPU",
        "device_note": "Card meta fails while its kernels are compared (an illegal memory access was "
        "encountered), so the training uses the CPU.",
    }


def test_the_device_of_a_run_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    _lists(monkeypatch, _listed("cuda:0"))
    assert same_device("cuda:0").title == "Card cuda:0"
    assert same_device("cpu").title == "CPU"
    with pytest.raises(UserError, match=r"cuda:3, which torch no longer finds \(it finds cuda:0\)"):
        same_device("cuda:3")


@pytest.fixture
def billion() -> ModelFile:
    """A model of 1.5 billion weights, by its sizes."""
    mini = identify(bundled_models() / "mini-student")
    return replace(
        mini, parameters=1_500_000_000, width=1536, ffn=8960, layers=28, vocab=151_936, size_bytes=3 * GIB
    )


def test_what_is_stored_depends_on_the_memory(billion: ModelFile) -> None:
    settings = TrainSettings(batch_tokens=8192, dtype="bfloat16")
    stored = [
        plan_memory(billion, settings, "bfloat16", free=free * GIB, title="Card").stored for free in (80, 10)
    ]
    assert stored == ["all", "inputs"]
    checkpointed = training_fit(billion, replace(settings, gradient_checkpointing="on"), free=2**40)
    tight = int(checkpointed.needed / 0.8) - GIB // 4
    assert plan_memory(billion, settings, "bfloat16", free=tight, title="Card").stored == "offloaded"


def test_a_training_that_does_not_fit_says_what_would_help(billion: ModelFile) -> None:
    with pytest.raises(UserError, match=r"of the memory of Card; .* of it can be used") as refused:
        plan_memory(billion, TrainSettings(), "float32", free=GIB, title="Card")
    assert refused.value.hint is not None
    for way in ("lower batch_tokens", "set dtype to bfloat16", "set base_bits to 4", "--device cpu"):
        assert way in refused.value.hint


def test_four_bits_take_less_memory_than_sixteen(billion: ModelFile) -> None:
    settings = TrainSettings(dtype="bfloat16")
    parts = [
        dict(training_fit(billion, replace(settings, base_bits=bits), free=80 * GIB).parts)["weights"]
        for bits in ("16", "4")
    ]
    assert parts[1] < 0.6 * parts[0]


def test_small_models_and_fixed_settings_need_no_measurement() -> None:
    mini = identify(bundled_models() / "mini-student")
    device = torch.device("meta")  # nothing can be measured on it
    assert choose_device_dtype(mini, TrainSettings(), device) == "float32"
    assert choose_device_dtype(mini, TrainSettings(dtype="float16"), device) == "float16"


def test_a_format_that_is_not_faster_is_not_taken(billion: ModelFile) -> None:
    small = replace(billion, width=64, ffn=64)
    assert choose_device_dtype(small, TrainSettings(), torch.device("cpu")) in (
        "float32",
        "bfloat16",
        "float16",
    )


def test_the_scale_halves_at_an_overflow_and_doubles_after_many_steps() -> None:
    scale = LossScale()
    assert scale.shrink()
    assert scale.value == START / 2
    for _ in range(STEADY):
        scale.note_step()
    assert scale.value == START
    while scale.shrink():
        pass
    assert scale.value < 1e-4


def test_nothing_is_offloaded_into_the_memory_that_both_share(billion: ModelFile) -> None:
    settings = TrainSettings(batch_tokens=8192, dtype="bfloat16")
    checkpointed = training_fit(billion, replace(settings, gradient_checkpointing="on"), free=2**40)
    tight = int(checkpointed.needed / 0.8) - GIB // 4
    with pytest.raises(UserError, match="of the memory of Apple GPU"):
        plan_memory(billion, settings, "bfloat16", free=tight, title="Apple GPU", is_apart=False)
