# `make chat` and `make test` need Python 3.11 or newer and a package index, nothing else.
PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.9
# Two for each of two processors: a test waits a third of its time.
TOGETHER := -n 4 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help chat demo test check soak format bench lock clean runtime dev

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1#/p' $(firstword $(MAKEFILE_LIST)) | tr '#' '\t'

chat: runtime ## set up if needed and talk to the plant
	@$(BIN)/python -m cli chat

demo: runtime ## play the Machine 7 story and an approval, and say what was prevented
	@$(BIN)/python -m evals.demo

test: dev ## set up if needed and run all tests
	@$(BIN)/python -m pytest $(TOGETHER)

check: dev ## format, lint, types, import directions, the quick proof, and all tests but the long ones
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/python scripts/check_types.py
	$(BIN)/lint-imports --no-logo
	@git ls-files '*.py' 2>/dev/null | xargs -r wc -l | awk '$$1 > 300 && $$2 != "total" {print "long file, worth a look: " $$0}'
	@# The proof of the plant runs beside the tests.
	@$(BIN)/python -m cli --floor . check --prove --quick --workers 1 --quiet & proof=$$!; \
	$(BIN)/python -m pytest $(TOGETHER) -m "not soak and not long" || { kill $$proof; exit 1; }; wait $$proof

soak: dev ## the long sweeps, which take hours: proofs, crashes, races, made-up floors, every guard removed
	@$(BIN)/python -m cli --floor . check --prove
	@ANDON_SOAK=1 $(BIN)/python -m pytest -m soak

format: dev ## rewrite the code in the one format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: runtime ## measure the speed promises, as ratios
	@$(BIN)/python -m evals.bench

lock: ## resolve the dependencies of pyproject.toml anew (PACKAGE=name: raise that one only)
	@$(PYTHON) -m venv .tools/lock
	@.tools/lock/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@.tools/lock/bin/python scripts/lock.py $(PACKAGE)

clean: ## remove the virtual environment and the caches
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

runtime:
	@$(PYTHON) scripts/setup_venv.py requirements.lock

dev:
	@$(PYTHON) scripts/setup_venv.py requirements-dev.lock
