# Everything lives in $(VENV): nothing is installed outside this folder.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
BUILD := $(if $(filter 1,$(ZHIYIN_CUDA)),cuda,cpu)
STAMP := $(VENV)/.installed-$(BUILD)

.DEFAULT_GOAL := help
.PHONY: help install demo test check fix types docs constraints clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo
	@echo "  DEMO_ARGS, PYTEST_ARGS   passed on to 'zhiyin demo' and to pytest"
	@echo "  ZHIYIN_CUDA=1            installs the GPU build of torch"
	@echo "  ZHIYIN_REQUIRE=all       a test that misses a server, browser or data set fails"

install: $(STAMP) ## create .venv with everything (again only when dependencies changed)

$(STAMP): pyproject.toml constraints.txt scripts/install.sh
	@PYTHON="$(PYTHON)" scripts/install.sh "$(VENV)" "$(BUILD)"
	@rm -f $(VENV)/.installed-*
	@touch $@

demo: install ## real data, training, evaluation, recommendations
	$(BIN)/zhiyin demo $(DEMO_ARGS)

test: install ## every test
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile $(PYTEST_ARGS)

check: install ## format, lint, types, architecture and the fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest -m "not slow and not integration" $(PYTEST_ARGS)

fix: install ## format and repair what ruff can repair
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: install ## pyright alone
	$(BIN)/pyright

docs: install ## build the documentation into site/
	$(BIN)/mkdocs build --strict

constraints: install ## pin what .venv holds now into constraints.txt
	@scripts/freeze.sh "$(VENV)" > constraints.new && mv constraints.new constraints.txt

clean: ## remove what was built, .venv included
	rm -rf $(VENV) build dist site .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
