# The commands of the README. Each sets up what it needs by itself, in .venv, and may be repeated.
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# The environment, and that its programs find each other without being activated.
READY := $(VENV)/installed $(VENV)/unactivated
# It holds absolute paths: one that came along with a moved or copied project is made anew.
MOVED := $(shell test -L $(VENV) || test ! -f $(VENV)/place || test "$$(cat $(VENV)/place)" = "$$(pwd -P)" || echo moved)

.PHONY: help start run repro verify test test-slow test-patient bench reliability ui lint lock audit sbom clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# `dvc repro` without its advice on git and remotes.
define EXPERIMENT
@herbarium check
@echo dvc repro
@python -m pipeline.process.dvc repro
@herbarium publish
endef

start: $(READY)  ## Write params.yaml for a folder of photographs: make start FOLDER=photographs/
	@herbarium start "$(or $(FOLDER),photographs/)"

run: $(READY)  ## Run the experiment of params.yaml, sweep it, say what was found
	$(EXPERIMENT)
	@echo "now the sweep, which takes most of the time (make repro leaves it out; stopped, it goes on where it was)"
	@herbarium sweep
	@herbarium summary

repro: $(READY)  ## Run the experiment of params.yaml without a sweep, say what was found
	$(EXPERIMENT)
	@herbarium summary

verify: $(READY)  ## Re-run a reported accuracy in a copy and give the verdict: make verify NAME=digits
	@herbarium verify $(or $(NAME),digits)

test: $(READY)  ## Run the default test suite
	@pytest -n auto

test-slow: $(READY)  ## Run the slow tests
	@pytest -n 2 --dist loadfile -m slow

test-patient: $(READY)  ## Kill processes at moments of chance; for a quiet machine
	@pytest -m patient

bench: $(READY)  ## Measure this machine against the plain way; writes tests/benchmarks/results.json
	@python -m tests.benchmarks

reliability: $(READY)  ## Provoke every fault, write what came of it into docs/reliability.md
	@python -m tests.faults -n 2

ui: $(READY)  ## Open the MLflow UI at 127.0.0.1
	@herbarium ui

lint: $(READY)  ## Check style and types
	ruff check
	ruff format --check
	mypy

lock: $(READY)  ## Resolve the newest releases that work together into requirements.lock
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" --extra dev --extra hub --extra onnx --extra teams --output-file requirements.lock pyproject.toml
	@echo "now: make run, herbarium versions --write"

# pip-audit's own exit code would not tell "found something" (1) from "could not ask" (2 here).
audit: $(READY)  ## Look the lock's packages up in the list of known vulnerabilities (needs the internet)
	@python -m tests.supply_chain audit

sbom: $(READY)  ## Write sbom.json: the lock's packages and hashes as a CycloneDX bill of materials
	@python -m tests.supply_chain sbom

# What `dvc repro` brings back goes; what took a person's eyes or hours of training, and no cache has, stays.
clean:  ## Remove what dvc repro brings back; seeds, folds, sweeps, verdicts, corrected labels, ledger, MLflow's runs, .venv stay
	rm -rf data/raw data/images data/features dvc_plots
	@rm -f models/model.keras models/model_summary.txt models/training.json; \
	  if [ -d models ]; then find models -type d -empty -delete; fi
	@if [ -d reports ]; then find reports ! -type d ! -path 'reports/seeds/*' ! -path 'reports/sweep/*' \
	  ! -path 'reports/verdict/*' ! -path reports/replicate.json ! -path reports/folds.json \
	  ! -path reports/data/suspected.csv -exec rm -f {} +; find reports -type d -empty -delete; fi
	@if [ -d .herbarium ]; then find .herbarium -mindepth 1 -maxdepth 1 ! -name ledger.jsonl ! -name sweeps -exec rm -rf {} +; fi

# uv installs the lock in a tenth of pip's time; its own hash-pinned entry of the lock is all that pip installs. Bytecode is
# made here, once: where Python may not write it later, every command and stage would compile TensorFlow's sources again.
$(VENV)/installed: requirements.lock pyproject.toml $(MOVED)
	@if [ -n "$(MOVED)" ]; then echo "$(VENV) is from another folder: it is made anew"; rm -rf $(VENV); fi
	@python=""; for candidate in python3.13 python3.12 python3.11 python3 python; do \
	  if $$candidate -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; \
	  then python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then echo "Herbarium needs Python 3.11, 3.12 or 3.13 with venv; install it (Debian and Ubuntu:" \
	  "apt install python3 python3-venv; macOS: brew install python@3.12) and call make again" >&2; exit 1; fi; \
	test -x $(BIN)/python || $$python -m venv $(VENV)
	@sed -n '/^uv==/,/# via/p' requirements.lock > $(VENV)/uv.txt
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv.txt
	@echo "installing into $(VENV) …"
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@pwd -P > $(VENV)/place
	@touch $@

# Python reads .pth files when it starts. So `.venv/bin/dvc repro` gives its stages the `python` of this environment, also
# from cron and from an IDE; the Python of somewhere else, if any, comes later on their PATH.
OWN_PROGRAMS_FIRST := import os, sys; os.environ["PATH"] = os.pathsep.join(dict.fromkeys( \
  [os.path.join(sys.prefix, "bin"), *os.environ.get("PATH", os.defpath).split(os.pathsep)]))
$(VENV)/unactivated: $(VENV)/installed Makefile
	@echo '$(OWN_PROGRAMS_FIRST)' > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/herbarium.pth"
	@touch $@

.PHONY: moved
moved:
