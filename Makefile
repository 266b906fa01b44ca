# Everything a person does with Assay, one word each. Needs Python 3.11 or later and a package index, no more.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test check bench demo lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.packages  ## start everything: database, web, worker; prints the address
	@exec $(BIN)/python manage.py up

test: $(VENV)/.packages-dev  ## run all tests
	@$(BIN)/python -m pytest -n 2

check: $(VENV)/.packages-dev  ## lint, types, import contracts, migrations, settings for production
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=sdk $(BIN)/lint-imports
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@ASSAY_URL=https://assay.example.org $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: $(VENV)/.packages-dev  ## print the benchmarks
	@$(BIN)/python manage.py bench

demo: $(VENV)/.packages  ## watch the vault learn, on the figures of twelve real tests
	@$(BIN)/python manage.py demo

lock: $(VENV)/.packages-dev  ## pin and hash what pyproject.toml names
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		--group dev pyproject.toml -c requirements.txt -o requirements-dev.txt

clean:  ## remove what the commands made, except data
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The stamps hold the lists as they were installed: a second run compares and goes on, without a network.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Assay needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.packages: requirements.txt | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.packages-dev: requirements-dev.txt $(VENV)/.packages
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
