# The one door. Every target brings its own set-up; what is done already is not done again.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# the packaged rules, one policy; and the examples, each one of its own
RULES := rules $(wildcard rules/examples/*.yaml)

.DEFAULT_GOAL := help
.PHONY: help setup demo play chaos load machine test check package bench simulate fuzz audit contract checkov clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## .venv, pinned packages, joinlink, Azurite (all other targets do this first)
	@$(PYTHON) -m sandbox.setup

demo: setup ## play a working day at Contoso with everything on this machine
	$(BIN)/python -m sandbox.demo $(ARGS)

play: setup ## run the app with 40 mailboxes, and print commands to try against it, until Ctrl-C
	@$(BIN)/python -m sandbox.play

chaos: setup ## run two hosts with faults and kills, and judge every event; make chaos ARGS="--changes 1000 --mailboxes 20"
	$(BIN)/python -m sandbox.chaos $(ARGS)

load: setup ## post to the webhook for 30 s, and look for every event in the queue; make load ARGS="--seconds 5"
	$(BIN)/python -m sandbox.load $(ARGS)

machine: setup ## try random stories of people, faults and two workers; make machine ARGS="--examples 5000 --seed 3"
	$(BIN)/python -m sandbox.machine $(ARGS)

test: setup ## run the tests; make test ARGS="-k webhook"
	$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder $(ARGS)

check: setup ## format, lint, types, import contracts, rule files, commit subjects
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/joinlink validate --strict $(RULES)
	$(BIN)/joinlink test $(RULES)
	$(BIN)/python .ci/commit_subjects.py

package: setup ## build a zip for Azure Functions; make package ARGS="--python 3.13"
	$(BIN)/python -m infra.package $(ARGS)

bench: setup ## measure speed, next to other libraries in the same run (minutes); make bench ARGS=--peer
	@$(BIN)/python -c "import matplotlib" 2>/dev/null || $(BIN)/python -m pip install -q --no-deps -r requirements-simulate.txt
	$(BIN)/python -m sandbox.bench $(ARGS)

simulate: setup ## play a week of 100,000 mailboxes (minutes); make simulate ARGS="--mailboxes 1000"
	@$(BIN)/python -c "import matplotlib" 2>/dev/null || $(BIN)/python -m pip install -q --no-deps -r requirements-simulate.txt
	$(BIN)/python -m sandbox.simulate $(ARGS)

fuzz: setup ## feed odd rule files to the loader for a minute (Linux); make fuzz ARGS=-max_total_time=600
	@$(BIN)/python -c "import atheris" 2>/dev/null || $(BIN)/python -m pip install -q -r requirements-fuzz.txt
	$(BIN)/python -m sandbox.fuzz $(ARGS)

audit: ## check every pinned package for known advisories (needs the internet)
	@test -x build/audit/bin/pip-audit || { $(PYTHON) -m venv build/audit && build/audit/bin/python -m pip install -q -r requirements-audit.txt; }
	build/audit/bin/pip-audit --strict --disable-pip --no-deps -r requirements-dev.txt

contract: setup ## drive the stand-in Graph with Microsoft's Graph SDK, and run the app under Microsoft's gRPC worker (600 MB)
	@test -f build/contract/ready || { $(PYTHON) -m venv build/contract && build/contract/bin/python -m pip install -q --no-deps -r requirements.txt -r requirements-contract.txt && touch build/contract/ready; }
	$(BIN)/python -m sandbox.contract $(ARGS)

checkov: setup ## check the Azure templates with checkov (291 MB)
	@test -x build/checkov/venv/bin/checkov || { $(PYTHON) -m venv build/checkov/venv && build/checkov/venv/bin/python -m pip install -q -r requirements-checkov.txt && build/checkov/venv/bin/python -m pip install -q --no-deps pycep-parser==0.7.1; }
	$(BIN)/python -m infra.checkov

clean: ## remove everything that these targets have created
	rm -rf .venv build sandbox/azurite/node_modules tests/infra/kusto/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
