# `make demo` and `make test` do all set-up themselves: they need Python 3.11 or newer and make, nothing else.
# The first call needs a package index; later calls use no network until pyproject.toml changes.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=

.PHONY: help demo test accuracy clean
.DEFAULT_GOAL := help

help:
	@echo "make demo   audit a small province on this machine and show the scorecards (demo-out/)"
	@echo "make test   ruff, mypy and the tests"
	@echo "make accuracy  how often the readers are right on the golden sites, with every miss"
	@echo "make clean  remove $(VENV) and demo-out"

demo: $(VENV)/.demo
	$(BIN)/auditor demo --out demo-out

test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist loadfile $(PYTEST_ARGS)

accuracy: $(VENV)/.dev
	$(BIN)/python -m tests.accuracy

$(VENV)/.demo: pyproject.toml | $(VENV)/.created
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.created
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.demo

$(VENV)/.created:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "$(PYTHON) was not found. Install Python 3.11 or newer, or say which: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, this is `$(PYTHON) --version 2>&1`."; \
	  echo "If a newer one is installed, say which: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >$(VENV).log 2>&1 || { \
	  cat $(VENV).log; rm -rf $(VENV) $(VENV).log; \
	  echo; echo "python3 cannot make a virtual environment. On Debian and Ubuntu this helps:"; \
	  echo "    sudo apt-get install -y python3-venv"; exit 1; }
	@rm -f $(VENV).log
	@touch $@

clean:
	rm -rf $(VENV) demo-out
