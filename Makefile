# Start with `make demo` and `make test`; each sets up what it needs. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: spokes spoke-template strict mutants help setup demo up down invoke deploy reattach remove backfill costs doctor now end studio redrive bench prove gallery corpus test unit check docs release aws-shapes format prices facts lock clean

BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH := $(CURDIR):$(CURDIR)/functions:$(CURDIR)/shared
export SAM_CLI_TELEMETRY := 0
STACK := $(or $(STACK),$(STACK_NAME),sagewatch)
COMPILE := .uv/bin/uv pip compile -q --generate-hashes --no-annotate --custom-compile-command "make lock"

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.uv/ready: requirements-uv.txt
	@echo "Setting up uv in .uv"
	@python3 -m venv --clear .uv
	@.uv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $@

# sam build needs a python3.13 with pip on the PATH, and MiniStack runs the functions with its own interpreter.
.venv/ready: .uv/ready requirements-dev.txt
	@echo "Setting up Python 3.13 in .venv"
	@.uv/bin/uv venv -q --clear --python 3.13 .venv
	@.uv/bin/uv pip sync -q --python .venv --require-hashes requirements-dev.txt
	@touch $@

setup: .venv/ready ## create .uv and .venv, with the pinned libraries

demo: setup ## play a day in an ML team on a local cloud: Slack, ledger, digest; then clean up
	@python -m local demo

up: setup ## start the local cloud and deploy to it; PARAMS="Name=value ..." overrides template parameters
	@python -m local up $(PARAMS)

down: setup ## stop the local cloud of `make up`
	@python -m local down

invoke: setup ## run RecordJob in Docker on EVENT=events/<file>.json, against the cloud of `make up`
	@$(if $(EVENT),,echo "Name the event: make invoke EVENT=events/training-job-failed.json"; exit 1;) python -m local invoke $(EVENT)

deploy: setup ## deploy to your AWS account, step by step; PARAMS="Name=value ..." sets template parameters
	@python -m tools.operator.deploy --stack $(STACK) $(ARGS) $(PARAMS)

reattach: setup ## create a stack around a ledger that was kept: LEDGER=table [STACK=sagewatch]; then make deploy
	@python -m tools.operator.deploy.reattach --stack $(STACK) --ledger "$(LEDGER)"

remove: setup ## remove the stack from your AWS account; the ledger is kept
	@python -m tools.operator.deploy.remove --stack $(STACK) $(ARGS)

backfill: setup ## record older jobs of your AWS account: SINCE=2026-08-01 [REGIONS="..."] [STACK=sagewatch]
	@python -m tools.operator.backfill --stack $(STACK) --since "$(SINCE)" $(addprefix --region=,$(REGIONS))

costs: setup ## query the ledger: ARGS="--by day|owner|kind|job --since ... --csv|--json|--focus"; ARGS=--help lists all options
	@python -m tools.operator.costs --stack $(STACK) $(ARGS)

now: setup ## list what bills at this moment until a person ends it: ARGS="--by owner|account|kind --csv|--json --region eu-west-1"
	@python -m tools.operator.now --stack $(STACK) $(ARGS)

end: setup ## end one resource that `make now` lists, after you confirm it: ARGS="NAME", or ARGS="--restore ENDPOINT"
	@python -m tools.operator.end --stack $(STACK) $(ARGS)

studio: setup ## audit Studio's idle shutdown: where it is off or too long, what runs there, and the call that fixes it; ARGS=--json
	@python -m tools.operator.studio --stack $(STACK) $(ARGS)

doctor: setup ## test SageWatch's assumptions on your account, and show which hold: ARGS="--notebook NAME --report doctor.json"
	@python -m tools.operator.doctor --stack $(STACK) $(ARGS)

spokes: setup ## check the accounts that a hub knows: roles, mode, last event, last sweep, and what is missing
	@python -m tools.operator.spokes --stack $(STACK)

spoke-template: setup ## print spoke.yaml with the hub's values, to deploy it in other accounts: > spoke-of-hub.yaml
	@python -m tools.operator.spoke_template --stack $(STACK)

redrive: setup ## list the dead-letter queues, with the reasons; ARGS=--return sends messages back to their queues
	@python -m tools.operator.redrive --stack $(STACK) $(ARGS)

test: setup ## run every test, including those on the deployed local cloud
	@rm -rf .local/calls
	@python -m pytest -n 3 --dist loadscope --no-loadscope-reorder $(TESTS)
	@$(if $(TESTS),,python -m tests.worlds.permissions .local/calls/*.jsonl)

unit: setup ## run the tests that need no cloud
	@python -m pytest -m "not e2e" $(TESTS)

strict: setup ## run the contract suite on dynalite, which validates expressions as DynamoDB does (needs Node.js)
	@mkdir -p .local/dynalite && cp tests/dynalite/package*.json .local/dynalite/
	@npm ci --prefix .local/dynalite --ignore-scripts --no-audit --no-fund --silent
	@DYNAMODB=dynalite python -m pytest -q tests/contract/dynamodb

mutants: setup ## change the code that calculates money in small ways, and list the changes that no test notices
	@python -m tools.mutants $(MUTANTS)

corpus: setup ## read every failure in tests/corpus/cases: right line, right step, secrets shown
	@python -m tests.corpus.report

gallery: setup ## render every Slack message with its variants to one page, .local/gallery.html
	@python -m tests.gallery

prove: setup ## play 20,000 random histories of jobs and of notebooks against oracles; a failure names its seed
	@HISTORIES=20000 python -m pytest -n 2 tests/unit/jobs/test_histories.py tests/scenarios/test_histories.py

bench: setup ## measure everything in docs/performance.md, peers too; QUICK=1 in two minutes: fails if a ratio got worse
	@python -m bench $(if $(QUICK),--quick) $(addprefix --step=,$(STEPS)) $(ARGS)

check: setup ## check style, types, imports and the template
	ruff check
	ruff format --check
	mypy
	lint-imports --no-cache
	sam validate --lint
	cfn-lint -t template.yaml -a cfn_lint_serverless.rules --regions ALL_REGIONS
	cfn-lint -t forward-events.yaml --regions ALL_REGIONS
	cfn-lint -t spoke.yaml --regions ALL_REGIONS

docs: setup ## build the documentation as a site in .local/site, and check every link
	@python -m tools.documentation.links
	@NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet
	@echo "Open .local/site/index.html"

release: setup ## package the template and its archives, with checksums, into dist/
	@python -m tools.release.package

aws-shapes: setup ## compare what SageWatch reads with the newest botocore's model of SageMaker
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && .uv/bin/uv pip install -q --target "$$folder" --no-deps botocore \
	  && python -m tools.aws_shapes --data "$$folder/botocore/data"

format: setup ## format the code
	ruff format
	ruff check --fix

prices: setup ## generate the shipped price tables from prices/*.csv
	@python -m tools.tables.price_tables

facts: setup ## generate the shipped table of instance types from EC2's data
	@python -m tools.tables.instance_facts

lock: .uv/ready ## compile the pinned requirements, with hashes
	$(COMPILE) --python 3.13 requirements-dev.in -o requirements-dev.txt
	$(COMPILE) --python 3.13 -c requirements-dev.txt requirements-shared.in -o shared/requirements.txt
	$(COMPILE) --python 3.13 -c requirements-dev.txt requirements-charts.in -o charts/requirements.txt
	$(COMPILE) --python-version 3.11 requirements-uv.in -o requirements-uv.txt

clean: ## remove everything these commands created
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m local down; fi
	rm -rf .venv .uv .local .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
