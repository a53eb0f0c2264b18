# make demo: environment, training, evaluation, pictures.   make test: environment, all tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Tests of one part each; the packages are those that pyproject.toml has under coverage.
UNITS := $(addprefix tests/,config data evaluation layers losses models networks \
	test_architecture.py test_files.py test_outputs.py test_public.py test_text.py)
TRIAL := build/release
COLLECTED := $(VENV)/collected.txt

# Without bytecode each of the tests' processes would compile TensorFlow: ten seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo quick test coverage lint docs format release env bytecode clean

demo: $(READY)
	$(BIN)/memgan demo

quick: $(READY)
	$(BIN)/python -m pytest -n 2 -m "not slow" $(UNITS)

test: $(READY)
	$(BIN)/python -m pytest -n 3

# Fails below the floor in pyproject.toml.
coverage: $(READY)
	$(BIN)/python -m pytest -n 2 -m "not slow" $(UNITS) --cov --cov-report=term:skip-covered

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

# The pages and the Python reference as a site in build/site; a broken link is an error.
docs: $(READY)
	$(BIN)/python -m pip install --quiet --no-compile --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Source distribution and wheel in dist/; the demo runs from the wheel in an environment of its own.
release: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[release]'
	rm -rf dist $(TRIAL)
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(PYTHON) -m venv $(TRIAL)/environment
	$(TRIAL)/environment/bin/python -m pip install --quiet dist/*.whl
	cd $(TRIAL) && environment/bin/memgan demo

env: $(READY)

# Made again when the dependencies change; marked ready only once everything is in. Most of what is
# installed is never imported: Python compiles the rest when it is.
$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --editable '.[test]'
	touch $@

# What the tests import, compiled by one process before several would compile the same.
bytecode: $(READY)
	@$(BIN)/python -m pytest --collect-only -qq >$(COLLECTED) 2>&1 || { cat $(COLLECTED); exit 1; }

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .coverage
