# Every target bootstraps what it needs: uv into the cache, the environment into .venv.
# ARGS reaches the tool behind the target: make test ARGS="-m pure", make preview ARGS=--diff
STACK ?= local
ARGS ?=
CACHE := $(or $(SWITCHYARD_CACHE),$(HOME)/.cache/switchyard)
UV_VERSION := 0.9.11
UV := $(CACHE)/bootstrap/uv-$(UV_VERSION)/bin/uv
SWITCHYARD := .venv/bin/switchyard

.DEFAULT_GOAL := help
.PHONY: help up down preview release test lint bench

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

up: .venv/.synced ## tools, yard, images, pulumi up, and a release under load, ending with its report
	$(SWITCHYARD) up --stack $(STACK) $(ARGS)

down: .venv/.synced ## take the yard down without a trace
	$(SWITCHYARD) down --stack $(STACK) $(ARGS)

preview: .venv/.synced ## pulumi preview of the stack
	$(SWITCHYARD) pulumi --stack $(STACK) -- preview $(ARGS)

release: .venv/.synced ## move production to the idle colour under load, and report
	$(SWITCHYARD) release --stack $(STACK) $(ARGS)

test: .venv/.synced ## all three tiers; ARGS="-m pure" for one
ifeq ($(ARGS),)
	.venv/bin/pytest -m "not yard" --numprocesses 2
	.venv/bin/pytest -m yard
else
	.venv/bin/pytest $(ARGS)
endif

lint: .venv/.synced ## ruff, pyright strict, import contracts
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright
	.venv/bin/lint-imports

bench: .venv/.synced ## the figures of bench/RESULTS.md
	.venv/bin/python -m bench $(ARGS)

$(UV):
	@echo "bootstrapping uv $(UV_VERSION) into $(CACHE)"
	@python3 -m venv $(CACHE)/bootstrap/uv-$(UV_VERSION) || { \
	  echo "python3 cannot make virtual environments: installing python3-venv"; \
	  apt-get update -qq && apt-get install -y -qq python3-venv && \
	  python3 -m venv $(CACHE)/bootstrap/uv-$(UV_VERSION); }
	@$(CACHE)/bootstrap/uv-$(UV_VERSION)/bin/pip install --quiet uv==$(UV_VERSION)

.venv/.synced: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen
	@touch $@
