# Set-up, demo, tests. Windows, and machines without make: the same commands stand in the README.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run demo test minis clean

run: .venv/.run
	if $(BIN)/python -m orca_desk.display; then $(BIN)/orca-desk desktop; else $(BIN)/orca-desk demo; fi

demo: .venv/.run
	$(BIN)/orca-desk demo

test: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

minis: .venv/.run
	$(BIN)/python -m models.recipe

.venv/.run: pyproject.toml constraints.txt
	$(PYTHON) -m orca_desk.install

.venv/.test: pyproject.toml constraints.txt
	$(PYTHON) -m orca_desk.install test

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
