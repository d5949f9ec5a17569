# Each target works as the first command on a machine with python3 (3.11+), pip and make.
# Everything is installed into .venv, from lock files with hashes. PYTHON=... chooses the Python.

BIN := .venv/bin
ROOMS := config connectors kpi merilo sandbox store sync web writeback benchmarks tests
# A file's tests share its servers, so they stay together; tests/conftest.py says which come first.
SPREAD := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11

.DEFAULT_GOAL := help
.PHONY: help demo test test-long check style types imports dependencies leftovers \
	bench bench-large metrics lock wheel clean runtime dev browser servers

help:
	@echo "make demo         a made-up company, the agent and its page; Ctrl-C ends it"
	@echo "make demo ONCE=1  the same, one full cycle, then a table"
	@echo "make test         the tests"
	@echo "make test-long    the tests that take minutes each"
	@echo "make check        style, types, who may import whom, dependencies, dead code"
	@echo "make bench        measurements"
	@echo "make bench-large  measurements with a million calls"
	@echo "make metrics      docs/metrics.md anew, from the declarations"
	@echo "make lock         the lock files anew (UPGRADE=1: with the newest versions)"
	@echo "make wheel        the wheel, into dist/"
	@echo "make clean        removes what make made, .venv included"

demo: runtime
	@$(BIN)/merilo demo $(if $(filter-out 0 no,$(ONCE)),--once)

test: dev browser servers
	@$(BIN)/python -m pytest -m "not long" $(SPREAD) $(ARGS)

test-long: dev browser servers
	@$(BIN)/python -m pytest -m long --timeout 1800 $(SPREAD) $(ARGS)

check: style types imports dependencies leftovers

style: dev
	@$(BIN)/ruff check $(ROOMS)
	@$(BIN)/ruff format --check $(ROOMS)

types: dev
	@$(BIN)/mypy

imports: dev
	@$(BIN)/lint-imports --no-logo

dependencies: dev
	@$(BIN)/deptry .

leftovers: dev
	@$(BIN)/vulture

bench: dev
	@$(BIN)/python -m benchmarks

bench-large: dev
	@$(BIN)/python -m benchmarks --large

metrics: dev
	@$(BIN)/python -m kpi.reference > docs/metrics.md

wheel: dev
	@$(BIN)/hatchling build --target wheel

# The development lock comes first and binds the versions of the smaller ones.
lock: export UV_CUSTOM_COMPILE_COMMAND = make lock
lock: dev
	@$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml --all-extras \
		--group dev --group build -o requirements-dev.lock
	@$(COMPILE) -c requirements-dev.lock pyproject.toml --extra mysql --extra postgres \
		-o requirements.lock
	@$(COMPILE) -c requirements-dev.lock --group build -o requirements-build.lock
	@$(COMPILE) --group bootstrap -o requirements-bootstrap.lock

clean:
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find $(ROOMS) -name __pycache__ -type d -prune -exec rm -rf {} +

runtime dev browser servers:
	@sh bootstrap.sh $@
