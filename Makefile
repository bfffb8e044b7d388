# Set-up, demo, tests. Windows, and machines without make: the same commands stand in the README.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run demo test minis clean

run: $(VENV)/.run
	$(BIN)/orca-desk start

demo: $(VENV)/.run
	$(BIN)/orca-desk demo

test: $(VENV)/.test
	BIN=$(BIN) sh .ci/checks

minis: $(VENV)/.run
	$(BIN)/python -m models.recipe

$(VENV)/.run: pyproject.toml constraints.txt install.py
	$(PYTHON) install.py

$(VENV)/.test: $(VENV)/.run
	$(PYTHON) install.py --extra test

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache
