# `make demo` and `make test` are all a newcomer needs; each sets up what is missing. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo up down invoke backfill costs bench test unit check docs release format prices facts lock clean

BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH := $(CURDIR):$(CURDIR)/functions:$(CURDIR)/shared
export SAM_CLI_TELEMETRY := 0
STACK := $(or $(STACK),$(STACK_NAME),sagewatch)
COMPILE := .uv/bin/uv pip compile -q --generate-hashes --no-annotate --custom-compile-command "make lock"

help: ## list what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

.uv/ready: requirements-uv.txt
	@echo "Setting up uv in .uv"
	@python3 -m venv --clear .uv
	@.uv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $@

# sam build wants a python3.13 with pip on the PATH, and MiniStack runs the Lambdas with its own interpreter.
.venv/ready: .uv/ready requirements-dev.txt
	@echo "Setting up Python 3.13 in .venv"
	@.uv/bin/uv venv -q --clear --python 3.13 .venv
	@.uv/bin/uv pip sync -q --python .venv --require-hashes requirements-dev.txt
	@touch $@

setup: .venv/ready ## set up .uv and .venv

demo: setup ## play a day in an ML team on a local cloud, and clean up
	@python -m local demo

up: setup ## start the local cloud and deploy; PARAMS="Name=value ..." overrides template parameters
	@python -m local up $(PARAMS)

down: setup ## stop what `make up` started
	@python -m local down

invoke: setup ## run RecordJob on EVENT=events/<file>.json in Docker, against the cloud of `make up`
	@python -m local invoke $(EVENT)

backfill: setup ## record the past of the account of your credentials: SINCE=2026-08-01 [REGIONS="..."] [STACK=sagewatch]
	@python -m tools.operator.backfill --stack $(STACK) --since "$(SINCE)" $(addprefix --region=,$(REGIONS))

costs: setup ## ask the ledger: ARGS="--by day|owner|kind|job --since ... --csv|--json|--focus", --help lists the rest
	@python -m tools.operator.costs --stack $(STACK) $(ARGS)

test: setup ## every test, those on the deployed local cloud included
	@python -m pytest -n 3 --dist loadscope --no-loadscope-reorder $(TESTS)

unit: setup ## the tests that need no cloud
	@python -m pytest -m "not e2e" $(TESTS)

bench: setup ## measure: `make costs` over a million rows, AnswerSlack from cold
	@python -m bench.costs
	@python -m bench.answer

check: setup ## lint, types, imports, template rules
	ruff check
	ruff format --check
	mypy
	lint-imports --no-cache
	sam validate --lint
	cfn-lint -t template.yaml -a cfn_lint_serverless.rules

docs: setup ## build the documentation as a site in .local/site, and check its links
	@python -m tools.documentation.links
	@NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet
	@echo "Open .local/site/index.html"

release: setup ## package the template and its archives, with checksums, into dist/
	@python -m tools.release.package

format: setup ## format the code
	ruff format
	ruff check --fix

prices: setup ## make the shipped price tables from prices/*.csv
	@python -m tools.tables.price_tables

facts: setup ## make the shipped table of instance types from EC2's description of them
	@python -m tools.tables.instance_facts

lock: .uv/ready ## compile the requirements anew
	$(COMPILE) --python 3.13 requirements-dev.in -o requirements-dev.txt
	$(COMPILE) --python 3.13 -c requirements-dev.txt requirements-shared.in -o shared/requirements.txt
	$(COMPILE) --python 3.13 -c requirements-dev.txt requirements-charts.in -o charts/requirements.txt
	$(COMPILE) --python-version 3.11 requirements-uv.in -o requirements-uv.txt

clean: ## remove everything that was made
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m local down; fi
	rm -rf .venv .uv .local .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
