# Everything a person does with Assay, one word each. Needs Python 3.11 or later and a package index, no more.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
# Checks and tests have an embedded server of their own, which may forget everything.
TESTING := ASSAY_HOME=$(CURDIR)/.assay-test ASSAY_DATABASE_DURABLE=0 DATABASE_URL=

.DEFAULT_GOAL := help
.PHONY: help run test check bench demo lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.packages  ## start everything: database, web server, worker; prints the address
	@exec $(BIN)/python manage.py up

# More tests at once than there are cores: many wait for processes that they start. A file stays with one of them, so that
# what its tests share is made once; tests/conftest.py says which file begins first. What is compiled is kept, whatever
# the environment says, because each of those processes would compile all of it again.
test: $(VENV)/.packages-dev  ## run all tests
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.packages-dev  ## lint, types, import contracts, migrations, settings for production
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(TESTING) $(BIN)/mypy
	@PYTHONPATH=sdk $(BIN)/lint-imports
	@$(TESTING) $(BIN)/python manage.py makemigrations --check --dry-run
	@$(TESTING) ASSAY_URL=https://assay.example.org $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: $(VENV)/.packages-dev  ## print the benchmarks
	@$(BIN)/python -m bench

demo: $(VENV)/.packages  ## watch the vault learn and experiments decide, on the figures of real tests
	@$(BIN)/python manage.py demo

lock: $(VENV)/.packages-dev  ## pin and hash what pyproject.toml names
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		--group dev pyproject.toml -c requirements.txt -o requirements-dev.txt

clean:  ## remove what these commands made, except data
	@rm -rf $(VENV) build dist .assay-test .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"Assay needs Python 3.11 or later, and $(PYTHON) is older: name another one with PYTHON=...")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# Each stamp is younger than the list that it stands for: a second run has nothing to do and needs no network.
$(VENV)/.packages: requirements.txt | $(BIN)/python
	@echo "Installing what requirements.txt lists ..." >&2
	@$(PIP) --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.packages-dev: requirements-dev.txt $(VENV)/.packages
	@echo "Installing what requirements-dev.txt lists ..." >&2
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@
