"""Where the public data sets lie that some tests and benchmarks need: GSM8K and BIG-Bench Hard.

They are not part of the project. Point `ORCA_DESK_TEST_DATA` at a folder that holds:
    gsm8k/train.jsonl, test.jsonl, model_solutions.jsonl   github.com/openai/grade-school-math (MIT)
    bbh/*.json, strategy_outcomes.jsonl, published_accuracy.json   github.com/suzgunmirac/BIG-Bench-Hard (MIT)
"""

import os
from pathlib import Path

PUBLIC_DATA = Path(
    os.environ.get("ORCA_DESK_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
)
MISSING = f"needs public data at {PUBLIC_DATA}; ORCA_DESK_TEST_DATA names another folder"
