"""Our engine against llama.cpp's own server, on the same model, prompts and limits."""

from benchmarks.gpu import llama_server
from benchmarks.gpu.bases import base_of
from benchmarks.gpu.sections import Section


def measure(section: Section) -> None:
    """Measure both on the small model in 16 bits."""
    from benchmarks.generation import questions, run_engine
    from benchmarks.peers import in_child
    from orca_desk.student.convert import write_gguf

    model = section.out / f"generation-{section.scale.name}.gguf"
    if not model.is_file():
        write_gguf(base_of(section, "smollm"), model, dtype="f16")
    limit = section.scale.answer_tokens
    run = in_child(run_engine, model, questions(section.scale.tasks), limit)
    section.note(
        engine=run.version, tokens_per_second=run.measured.rate, answers_at_once=run.batch, model=model.name
    )
    peer = llama_server.measure(model, run.prompts, limit, run.ends, slots=section.scale.slots)
    section.note(**peer, ratio=run.measured.rate / peer["server_tokens_per_second"])
