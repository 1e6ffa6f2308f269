# `make demo` and `make test` set up all they need on a machine with Python 3.10+ and git.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test bench pictures models clean

demo: $(READY)
	$(BIN)/visual-analyse demo --save_dir demo

test: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n auto

bench: $(READY)
	$(BIN)/python -m benchmarks.explaining
	$(BIN)/python -m benchmarks.extraction
	$(BIN)/python -m benchmarks.embedding
	$(BIN)/python -m benchmarks.map_pictures
	$(BIN)/python -m benchmarks.page

pictures: $(READY)
	$(BIN)/python -m docs.pictures

# Needs a checkout of OpenGait, and what its models import: OPENGAIT_ROOT=~/OpenGait make models
models: $(READY)
	$(BIN)/python -m docs.models

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,film,umap,pacmap,parquet]"
	touch $(READY)

clean:
	rm -rf $(VENV) demo
