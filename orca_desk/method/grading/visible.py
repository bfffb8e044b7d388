"""What a response shows: its text after its thoughts and before its end token or a question that it makes up.

The visible text is one slice of the response, so that positions in it are positions in the response.
"""

import re

_THOUGHT = re.compile(
    r"<(?P<slash>/?)(?:think|thinking|thoughts?|reasoning|reflection|scratchpad|seed:think)>"
    r"|\[(?P<bracket>/?)THINK\]"
    r"|◁(?P<moon>/?)think▷"
    r"|<\|(?:begin_of_thought|START_THINKING|inner_prefix)\|>|<\|channel>"
    r"|(?P<closing><\|(?:end_of_thought|END_THINKING|inner_suffix)\|>|<channel\|>)",
    re.IGNORECASE,
)
_CHANNEL = re.compile(r"<\|channel\|>\s*(?P<name>\w+)[^<]{0,40}<\|message\|>")
_GLUED_CHANNELS = re.compile(r"\Aanalysis(?=\S).*assistantfinal(?=\S)", re.DOTALL)
_START = re.compile(
    r"(?:\s|\ufeff|<s>|<bos>|<\|begin_of_text\|>|<\|im_start\|>assistant|<\|start\|>assistant|<\|assistant\|>"
    r"|<\|start_header_id\|>assistant<\|end_header_id\|>|<start_of_turn>model|<｜Assistant｜>|\[/INST\])*"
)
_END = re.compile(
    r"<\|[^|<>\s]{1,40}\|>|<｜[^｜<>\s]{1,40}｜>|</s>|<eos>|<pad>|<end_of_turn>|<start_of_turn>"
    r"|\[/?INST\]|<turn\|>|\[EOS\]"
)
_NEXT_QUESTION = re.compile(
    r"\n[ \t]*(?:[#*_]{1,6}[ \t]*)?(?:(?:next |new |another )?(?:question|problem|exercise)(?: ?\d+)?"
    r"|Q\d{0,2}|user|human|instruction"
    r"|input|frage|pregunta|domanda|pergunta|вопрос|问题|問題|質問|질문)[ \t]*(?:[:：]|\n)",
    re.IGNORECASE,
)
_SETS_OUT = re.compile(
    r"\b(?:let|first|here|sure|okay|restate|given|steps?|solve|will|question|problem|start|begin"
    r"|following)\b|[:?]\s*\Z",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```[\w+-]{0,20}[ \t]*\n(?P<inside>.*?)\n?[ \t]*```", re.DOTALL)
_SHORT = 80


def visible_span(response: str) -> tuple[int, int]:
    """Return where the visible text begins and ends; nothing is visible of thoughts that never close."""
    start, end = _after_thoughts(response)
    start = _skip(_START, response, start, end)
    stop = _END.search(response, start, end)
    if stop and response[start : stop.start()].strip():
        end = stop.start()
    return _trim(response, start, end)


def question_made_up(text: str, start: int, *, answered: bool) -> int | None:
    """Return where a question begins that the model made up after its answer, None if there is none.

    `answered` says that a marked answer stands before `start`; else a short text that sets out nothing is it.
    """
    match = _NEXT_QUESTION.search(text, start)
    if match is None:
        return None
    before = text[: match.start()].strip()
    direct = 0 < len(before) <= _SHORT and not _SETS_OUT.search(before)
    return match.start() if answered or direct else None


def unfenced(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the inside of text[start:end] if a code fence encloses it or opens it, else the same span."""
    if not text.startswith("```", start):
        return start, end
    match = _FENCE.match(text, start, end)
    return _trim(text, *match.span("inside")) if match and match["inside"].strip() else (start, end)


def _after_thoughts(response: str) -> tuple[int, int]:
    start, end = 0, len(response)
    channels = list(_CHANNEL.finditer(response)) if "<|channel|>" in response else []
    if channels:
        final = next((match for match in reversed(channels) if match["name"] == "final"), None)
        return (final.end(), end) if final else (end, end)
    glued = _GLUED_CHANNELS.match(response) if response.startswith("analysis") else None
    if glued:
        return glued.end(), end
    shown = (end, end)  # the last text outside thoughts that is not blank
    thinking = False
    for match in _THOUGHT.finditer(response):
        if match["closing"] or match["slash"] or match["bracket"] or match["moon"]:
            shown = shown if thinking else (end, end)  # a thought that the prompt opened
            start, thinking = match.end(), False
        elif not thinking:
            shown = (start, match.start()) if response[start : match.start()].strip() else shown
            thinking = True
    return (start, end) if not thinking and response[start:end].strip() else shown


def _skip(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    match = pattern.match(text, start, end)
    return match.end() if match else start


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without white space at its ends."""
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), max(start, end - (len(piece) - len(piece.rstrip())))
