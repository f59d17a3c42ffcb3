# `make demo` installs into .venv and runs the main job; `make test` runs the tests.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install demo test lint docs bench gpu figures clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "diffresnet needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: install
	$(BIN)/diffresnet demo --out demo

test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The site, with an API reference made from the docstrings: build/site/index.html.
docs: install
	rm -rf docs/api
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/site

bench: install
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[benchmarks]'
	$(BIN)/python benchmarks/product.py
	$(BIN)/python benchmarks/product.py --steps 10
	$(BIN)/python benchmarks/kernel.py
	$(BIN)/python benchmarks/growth.py --figure docs/figures/growth.png
	$(BIN)/python benchmarks/peers.py
	$(BIN)/python benchmarks/flow.py
	$(BIN)/python benchmarks/neighbours.py
	$(BIN)/python benchmarks/fit.py
	$(BIN)/python benchmarks/fit.py --noise
	$(BIN)/python benchmarks/predict.py
	$(BIN)/python benchmarks/refit.py
	$(BIN)/python benchmarks/ablation.py
	$(BIN)/python benchmarks/column_scaling.py
	$(BIN)/python benchmarks/novelty.py
	$(BIN)/python benchmarks/class_prior.py
	$(BIN)/python benchmarks/next_labels.py
	$(BIN)/python benchmarks/fewlabels.py
	$(BIN)/python benchmarks/explanation.py
	$(BIN)/python benchmarks/geometry.py
	$(BIN)/python benchmarks/synthetic.py
	$(BIN)/python benchmarks/nodes.py
	$(BIN)/python benchmarks/label_nodes.py
	$(BIN)/python benchmarks/heterophily.py
	$(BIN)/python benchmarks/fewshot.py
	$(BIN)/python benchmarks/fewshot_peers.py
	$(BIN)/python benchmarks/tables.py

# Checks of every path that takes a device against the CPU, and timings; says so without a GPU.
gpu: install
	$(BIN)/python benchmarks/gpu.py

# The figures of README and docs/why-it-works.md; stiffness needs DIFFRESNET_DATA for the citation graphs.
THEORY := fig1 fig2 fig3 fig4 prop1 theorem1 theorem2 stiffness pde nonlinear
DOCS_FIGURES := fig1 fig2 fig3 fig4 prop1 prop1_window theorem1 theorem2 theorem2_digits stiffness \
  pde pde_robustness nonlinear

figures: demo
	for name in $(THEORY); do $(BIN)/diffresnet reproduce $$name || exit 1; done
	mkdir -p docs/figures
	cp demo/features.png docs/figures/demo.png
	for name in $(DOCS_FIGURES); do cp reproduce/*/$$name.png docs/figures/; done

clean:
	rm -rf .venv build demo reproduce docs/api
