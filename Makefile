# make run    set up a virtual environment and open the window (without a screen: photograph every panel into tour/)
# make test   set up and run every check
# make clean  remove what these made

VENV   ?= .venv
PYTHON ?= python3
JOBS   ?= 2
BIN     = $(VENV)/bin
PIP     = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test lint clean

run: $(VENV)/.run-installed
	@if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	  echo "There is no screen here, so the tour drives the window offscreen and leaves its photographs in tour/."; \
	  $(BIN)/genstudio tour --out tour; \
	else \
	  $(BIN)/genstudio; \
	fi

test: lint
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile --max-worker-restart=0

lint: $(VENV)/.test-installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "GenStudio needs Python 3.11 or newer, got $$($(PYTHON) --version). Try: make PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run-installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV): once, a few minutes, most of them for PyTorch."
	$(PIP) -e .
	@touch $@

$(VENV)/.test-installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[test]'
	@touch $@ $(VENV)/.run-installed

clean:
	rm -rf $(VENV) build dist tour .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find genstudio tests -name __pycache__ -type d -prune -exec rm -rf {} +
