"""Run as a program: the ids that llama.cpp's own tokenizers give to texts.

    python llama_tokens.py JOB.json OUT.json

The job is {"models": [GGUF, ...], "texts": [...]}; the answer a list for each model of a pair for each
text: the ids without and with control tokens recognised.
"""

import json
import sys
from pathlib import Path

import llama_cpp


def main(job: dict) -> list:
    """Tokenise every text with every model."""
    answer = []
    for path in job["models"]:
        model = llama_cpp.Llama(path, vocab_only=True, verbose=False)
        answer.append(
            [
                [model.tokenize(text.encode(), False, control) for control in (False, True)]
                for text in job["texts"]
            ]
        )
        model.close()
    return answer


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
