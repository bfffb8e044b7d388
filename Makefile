# Set-up, demo, tests. Windows, and machines without make: the same commands stand in the README.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run demo test package package-test minis clean

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

# The package runs on other machines too: it has an environment of its own, with a portable llama.cpp.
PACKAGE := .venv-package
PORTABLE := -DGGML_NATIVE=off
ifeq ($(shell uname -sm),Linux x86_64)
PORTABLE += -DGGML_BACKEND_DL=on -DGGML_CPU_ALL_VARIANTS=on
endif

package: $(PACKAGE)/.package
	$(PACKAGE)/bin/pyinstaller --noconfirm build.spec

package-test: .venv/.test
	$(BIN)/pytest -m package -s tests/package

$(PACKAGE)/.package: pyproject.toml constraints.txt
	ORCA_DESK_VENV=$(PACKAGE) CMAKE_ARGS="$(PORTABLE)" $(PYTHON) -m orca_desk.install package

minis: .venv/.run
	$(BIN)/python -m models.recipe

.venv/.run: pyproject.toml constraints.txt
	$(PYTHON) -m orca_desk.install

.venv/.test: pyproject.toml constraints.txt
	$(PYTHON) -m orca_desk.install test

clean:
	rm -rf .venv .venv-package build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
