# make demo: drawn dogs -> data -> training -> a page to open.
# make pipeline: pictures -> data -> training -> scores -> a model that is served, all of it recorded.
# make test: the tests.    make test-slow: the rest of them, which take minutes each.
PYTHON ?= python3.11
VENV ?= .venv
UV ?= $(shell command -v uv)
RUN := $(VENV)/bin/python -m
INSTALLED := $(VENV)/.installed
PYTEST := $(RUN) pytest -q --numprocesses=logical --maxprocesses=4 --dist=worksteal

.PHONY: install demo pipeline test test-slow lint format lock clean
.DELETE_ON_ERROR:

install: $(INSTALLED)

# uv where it is installed (it brings Python 3.11 along), else pip. Versions and hashes are the lock file's.
$(INSTALLED): requirements.lock setup.py
	@if [ -n "$(UV)" ]; then \
	  $(UV) venv --quiet --allow-existing --python 3.11 $(VENV) && \
	  $(UV) pip sync --quiet --python $(VENV)/bin/python --require-hashes requirements.lock && \
	  $(UV) pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation -e . ; \
	else \
	  $(PYTHON) -m venv $(VENV) && \
	  $(RUN) pip install --quiet --require-hashes --no-deps -r requirements.lock && \
	  $(RUN) pip install --quiet --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@

demo: $(INSTALLED) demo/data/dataset.json
	$(RUN) tfdogs.train --flagfile=configs/demo.flags --data_dir=demo/data --model_dir=demo/run
	$(RUN) tfdogs.generate --model_dir=demo/run --num_images=32 --seed=1000 --output=demo/dogs.html --overwrite
	@echo "open $(CURDIR)/demo/dogs.html"

demo/data/dataset.json: | $(INSTALLED)
	$(RUN) tfdogs.prepare --images=paper_dogs:4000 --image_size=64 --output_dir=demo/data --overwrite

# Some of Stanford Dogs where it lies beside the checkout, else drawn dogs; IMAGES and ANNOTATIONS are for your own.
STANFORD := $(wildcard ../shared/data/stanford_dogs)
IMAGES ?= $(if $(STANFORD),$(STANFORD)/images.tar,paper_dogs:1200)
ANNOTATIONS ?= $(if $(STANFORD),$(STANFORD)/annotation.tar)
SAMPLE ?= $(if $(STANFORD),0.15,1)

pipeline: $(INSTALLED)
	$(RUN) pipeline.run --flagfile=configs/pipeline.flags --images=$(IMAGES) --annotations=$(ANNOTATIONS) \
	  --sample=$(SAMPLE)

test: $(INSTALLED)
	$(PYTEST)

test-slow: $(INSTALLED)
	$(PYTEST) -m slow

lint: $(INSTALLED)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

format: $(INSTALLED)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# After a change of the ranges in setup.py; needs uv.
lock:
	$(UV) pip compile setup.py --extra dev --extra onnx --extra serve --extra pipeline --python-version 3.11 \
	  --generate-hashes --quiet --output-file requirements.lock

clean:
	rm -rf demo build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
