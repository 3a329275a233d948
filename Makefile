# Everything here is also a command of `vpresearch`, for systems without make.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
VPRESEARCH := $(BIN)/vpresearch

# What `make reproduce` passes on: DATA=file.xlsx OUT=folder LANGUAGE=en STRICT=1 DROP_IDENTIFIERS=1 PUBLIC=1 PAPER=other.yaml ONLY=table3 FORCE=1 PLAIN=1
# LANGUAGE counts only where it is said on the command line; many systems have one in the environment.
SPOKEN := $(if $(filter command,$(origin LANGUAGE)),--language $(LANGUAGE))
REPRODUCE := $(if $(DATA),--data "$(DATA)") $(if $(PAPER),--paper "$(PAPER)") $(if $(OUT),--out "$(OUT)") $(SPOKEN) $(if $(STRICT),--strict) \
	$(if $(DROP_IDENTIFIERS),--drop-identifiers) $(if $(PUBLIC),--public) $(if $(ONLY),--only "$(ONLY)") $(if $(FORCE),--force) $(if $(PLAIN),--plain)
REPORT := $(if $(DATA),--data "$(DATA)") $(if $(PAPER),--paper "$(PAPER)") $(if $(OUT),--out "$(OUT)") $(SPOKEN) \
	$(if $(DROP_IDENTIFIERS),--drop-identifiers)

# .venv is ours to write into: told to keep no compiled modules, each process would compile them anew, in three times the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help reproduce report audit validate template claims explore app test test-long check reconstruct ensemble simulate bench verify metadata site docs clean

help: ## List what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

reproduce: .venv/done ## Make every table, figure and p-value, with a verdict on each (DATA= PAPER= OUT= LANGUAGE= STRICT= ...)
	$(VPRESEARCH) reproduce $(REPRODUCE)

report: .venv/done ## Write the report as HTML, DOCX and PDF, each table and figure also alone (DATA= PAPER= OUT= LANGUAGE=)
	$(VPRESEARCH) report $(REPORT)

audit: .venv/done ## Check a paper's printed numbers against one another, without data (PAPER= LANGUAGE=)
	$(VPRESEARCH) audit $(SPOKEN) $(if $(PAPER),"$(PAPER)")

validate: .venv/done ## Report all that is wrong in a workbook (DATA= ANNOTATE=marked.xlsx RESHAPE=long.xlsx LANGUAGE= DROP_IDENTIFIERS=)
	$(VPRESEARCH) validate $(SPOKEN) $(if $(DROP_IDENTIFIERS),--drop-identifiers) $(if $(ANNOTATE),--annotate "$(ANNOTATE)") $(if $(RESHAPE),--reshape "$(RESHAPE)") "$(DATA)"

template: .venv/done ## Write an empty workbook to fill in (OUT=study.xlsx LANGUAGE=)
	$(VPRESEARCH) template $(SPOKEN) "$(OUT)"

claims: .venv/done ## Write the paper's numbers as your data give them, for PAPER= (DATA= OUT=corrected.yaml PAPER= LANGUAGE=)
	$(VPRESEARCH) claims $(SPOKEN) --data "$(DATA)" $(if $(PAPER),--paper "$(PAPER)") "$(OUT)"

explore: .venv/done ## Explore the study in JupyterLab (PORT=)
	$(VPRESEARCH) explore $(SPOKEN) $(if $(PAPER),--paper "$(PAPER)") $(if $(PORT),--port $(PORT))

app: .venv/done ## Explore the study on a page without code (PORT=)
	$(VPRESEARCH) app $(SPOKEN) $(if $(PAPER),--paper "$(PAPER)") $(if $(PORT),--port $(PORT))

test: .venv/tests ## Run the tests
	$(VPRESEARCH) test

test-long: .venv/tests ## Run the tests that take minutes or need a browser
	$(VPRESEARCH) test --long

check: .venv/tests ## Check style and types
	$(VPRESEARCH) check

reconstruct: .venv/done ## Make the reconstructed dataset anew from its seed
	$(VPRESEARCH) reconstruct $(SPOKEN)

ensemble: .venv/done ## Make the ensemble of 500 reconstructed datasets anew, with its extremes (SCHEDULER=tcp://HOST:PORT)
	$(VPRESEARCH) reconstruct $(SPOKEN) --n 500 --extremes $(if $(SCHEDULER),--scheduler "$(SCHEDULER)")

simulate: .venv/done ## Count anew how often each leak model errs, on 2 x 2000 made-up datasets (SCHEDULER=tcp://HOST:PORT)
	$(VPRESEARCH) simulate $(SPOKEN) $(if $(SCHEDULER),--scheduler "$(SCHEDULER)")

bench: .venv/tests ## Time everything, each figure beside a peer or a floor (ONLY=lattice)
	$(VPRESEARCH) bench $(ONLY)

verify: .venv/done ## Run everything twice under unlike conditions and compare every byte
	$(VPRESEARCH) verify $(SPOKEN)

metadata: .venv/done ## Write what machines and checkers read about the compendium (codecheck.yml, RO-Crate, data package)
	$(VPRESEARCH) metadata

site: .venv/done ## Write the explorer as one page without a server, into build/site/
	$(VPRESEARCH) site $(SPOKEN)

docs: .venv/tests ## Build the documentation as a site, into build/docs/
	$(VPRESEARCH) docs

clean: .venv/done ## Delete build/
	$(VPRESEARCH) clean

# Each mark is written last, so that an interrupted installation is done again. uv installs in a third of pip's time; where it
# cannot reach what pip can, such as a mirror that only pip is told of, pip does it.
UV := $(BIN)/uv pip install --quiet --python .venv
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
install = $(UV) $(1) || $(PIP) $(1)

.venv/done: requirements-setup.lock requirements.lock pyproject.toml
	@echo "First time only: building .venv from the lock, some 160 packages from the network, each held by its hash. It takes minutes and says nothing until it is done."
	@echo "Solo la primera vez: se instalan en .venv unos 160 paquetes, con conexión a internet. Tarda minutos y no dice nada hasta el final."
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv --clear .venv
	$(PIP) --require-hashes --requirement requirements-setup.lock
	$(call install,--require-hashes --requirement requirements.lock)
	$(call install,--no-deps --no-build-isolation --editable .)
	$(BIN)/python -c 'import pathlib; pathlib.Path(".venv/done").touch()'

.venv/tests: .venv/done requirements-test.lock
	@echo "First time only: adding what tests need to .venv, again from the lock and the network. / Solo la primera vez: se añade lo que necesitan las pruebas."
	$(call install,--no-deps --require-hashes --requirement requirements-test.lock)
	$(BIN)/python -c 'import pathlib; pathlib.Path(".venv/tests").touch()'
