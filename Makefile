# Set-up, demo, tests. Windows, and machines without make: the README has the same commands.
PYTHON ?= python3
BIN := .venv/bin
# Container images often set this. Each of the hundreds of processes of a run would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# Several checks at a time, each one's output in a piece; the make of macOS, of 2006, cannot do the latter.
TOGETHER := --no-print-directory --keep-going $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: run demo quick quick-style quick-types quick-method quick-chat quick-pages quick-desktop quick-rest \
    test test-checks test-whole test-desktop test-rest package package-test site minis clean

run: .venv/.run
	if $(BIN)/python -m orca_desk.display; then $(BIN)/orca-desk desktop; else $(BIN)/orca-desk demo; fi

demo: .venv/.run
	$(BIN)/orca-desk demo

# Everything that needs no model code, in an environment without it: minutes from a fresh clone. Between them the
# five runs of pytest cover all tests; each skips, with the reason, what needs torch or llama.cpp. The longest
# begin first, and one more than there are cores runs at a time, as tests also wait. Properties are tried with fewer
# examples than by `make test`.
QUICK := .venv-quick/bin
TRY := QT_QPA_PLATFORM=offscreen $(QUICK)/pytest --hypothesis-profile=quick
quick: .venv-quick/.test
	$(MAKE) $(TOGETHER) --jobs 3 quick-rest quick-desktop quick-pages quick-method quick-chat quick-types quick-style

quick-style: .venv-quick/.test
	$(QUICK)/ruff check .
	$(QUICK)/ruff format --check .
	$(QUICK)/lint-imports

quick-types: .venv-quick/.test
	$(QUICK)/mypy

METHOD := tests/formats tests/library tests/method tests/prompts
CHAT := tests/ui/pages/chat tests/ui/pages/models tests/ui/pages/tasks

quick-method: .venv-quick/.test
	$(TRY) $(METHOD) -o cache_dir=.pytest_cache/method

quick-chat: .venv-quick/.test
	$(TRY) $(CHAT) -o cache_dir=.pytest_cache/chat

quick-pages: .venv-quick/.test
	$(TRY) tests/ui/pages $(addprefix --ignore ,$(CHAT)) -o cache_dir=.pytest_cache/pages

quick-desktop: .venv-quick/.test
	$(TRY) tests/ui --ignore tests/ui/pages -o cache_dir=.pytest_cache/desktop

quick-rest: .venv-quick/.test
	$(TRY) $(addprefix --ignore ,$(METHOD) tests/ui)

# The checks and three runs of pytest, which cover all tests between them: one more at a time than there are cores,
# as tests also wait. The longest begin first.
WHOLE := tests/end_to_end tests/real
DESKTOP := tests/ui tests/cli tests/formats tests/inventory tests/library tests/method tests/models tests/processes
test: .venv/.test
	$(MAKE) $(TOGETHER) --jobs 3 test-rest test-whole test-desktop test-checks

test-checks: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-whole: .venv/.test
	$(BIN)/pytest $(WHOLE) -o cache_dir=.pytest_cache/whole

test-desktop: .venv/.test
	$(BIN)/pytest $(DESKTOP) -o cache_dir=.pytest_cache/desktop

test-rest: .venv/.test
	$(BIN)/pytest $(addprefix --ignore ,$(WHOLE) $(DESKTOP))

# The package runs on other machines too: it has an environment of its own, with a llama.cpp for any processor,
# compiled once per machine. It is installed first: pip's cache would return one for this processor.
PACKAGE := .venv-package
LLAMA := $(shell grep ^llama_cpp_python constraints.txt)
# Without the part that reads images, which nothing here uses
OPTIONS := -DGGML_NATIVE=off -DLLAVA_BUILD=off
ifeq ($(shell uname -sm),Linux x86_64)
OPTIONS += -DGGML_BACKEND_DL=on -DGGML_CPU_ALL_VARIANTS=on
endif
BUILT := $(LLAMA)-$(firstword $(shell echo '$(OPTIONS)' | cksum))
PORTABLE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/orca-desk/portable/$(BUILT)

package: $(PACKAGE)/.package
	$(PACKAGE)/bin/pyinstaller --noconfirm --log-level WARN build.spec

package-test: .venv/.test package
	$(BIN)/pytest -m package -s tests/package

$(PACKAGE)/.package: pyproject.toml constraints.txt Makefile
	ls $(PORTABLE)/*.whl 2> /dev/null || CMAKE_ARGS="$(OPTIONS)" $(PYTHON) -m pip wheel --quiet --no-deps \
	    --no-cache-dir --wheel-dir $(PORTABLE) $(LLAMA)
	$(PYTHON) -m venv --clear $(PACKAGE)
	$(PACKAGE)/bin/pip --disable-pip-version-check install --quiet --no-deps $(PORTABLE)/*.whl
	ORCA_DESK_VENV=$(PACKAGE) $(PYTHON) -m orca_desk.install package grow

# The handbook as a site, in site/. Its environment is small, and apart: nothing of the app is needed.
site: .venv-site/.site
	NO_MKDOCS_2_WARNING=1 .venv-site/bin/mkdocs build --quiet --strict --config-file docs/mkdocs.yml

.venv-site/.site: constraints.txt Makefile
	$(PYTHON) -m venv --clear .venv-site
	.venv-site/bin/pip --disable-pip-version-check install --quiet --constraint constraints.txt mkdocs-material
	touch $@

minis: .venv/.run
	$(BIN)/python -m models.recipe

.venv-quick/.test: pyproject.toml constraints.txt
	$(PYTHON) -m orca_desk.install --without-models test

.venv/.run: pyproject.toml constraints.txt
	$(PYTHON) -m orca_desk.install

.venv/.test: pyproject.toml constraints.txt
	$(PYTHON) -m orca_desk.install test

clean:
	rm -rf .venv .venv-quick .venv-package .venv-site site build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
