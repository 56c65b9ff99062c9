# Huiliu. `make help` lists what there is; every target works from a clean checkout with Python >= 3.11, pip and make.

.DEFAULT_GOAL := help
.PHONY: help demo check test format lock clean

# The first Python on the path that is new enough; `make PYTHON=/path/to/python` overrides it.
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$python && break; done)
endif
ifeq ($(strip $(PYTHON)),)
$(error Python 3.11 or newer is needed and none was found. Install it, or say where it is: make PYTHON=/path/to/python3)
endif

BIN := .venv/bin
PYTEST_WORKERS ?= 2

# A person's PYTHONPATH or PYTHONHOME must not reach into .venv.
unexport PYTHONPATH
unexport PYTHONHOME

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Start everything with a demo platform and print where to look; Ctrl-C stops it, the data stays
	@$(PYTHON) tools/bootstrap.py run
	@exec $(BIN)/huiliu demo

check: ## Style, types, layers, templates and the repository's own rules; no database needed
	@$(PYTHON) tools/bootstrap.py dev
	@$(BIN)/python tools/check.py

test: check ## check, then every test; installs Chromium and Chinese fonts when it is root on Debian
	@$(BIN)/python tools/browser.py
	$(BIN)/pytest -n $(PYTEST_WORKERS) --dist loadfile

format: ## Put Python and templates into their one form
	@$(PYTHON) tools/bootstrap.py dev
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .
	$(BIN)/djlint --reformat --quiet src/huiliu/web/templates || true

lock: ## Make the lock files anew; `make lock UPGRADE=--upgrade` takes newer versions
	@$(PYTHON) tools/bootstrap.py dev
	$(BIN)/python tools/lock.py $(UPGRADE)

clean: ## Remove .venv, node_modules and fetched front-end files; never the data in var/
	rm -rf .venv node_modules src/huiliu/web/static/vendor
