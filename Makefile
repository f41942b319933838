# Every target makes or updates .venv first, if that is needed, and hands over to the package: see bootstrap.py.
# Another Python:   make learn PYTHON=python3.12        Options:   make learn ARGS="--port 9000 --no-browser"
PYTHON ?= python3
ARGS ?=
NO_PYTHON = No $(PYTHON) was found. The course needs Python 3.11 or newer; name yours: make learn PYTHON=python3.12
RUN = @command -v $(PYTHON) >/dev/null 2>&1 || { echo "$(NO_PYTHON)" >&2; exit 1; }; exec $(PYTHON) bootstrap.py

.DEFAULT_GOAL := help
.PHONY: learn teach test book pdf offline links notebooks exercises bench check grade progress portfolio help

learn: ## open the course in JupyterLab; your work is kept in my-course/
	$(RUN) learn $(ARGS)

teach: ## open the instructor's view: exercise sources, formgrader, assignment list
	$(RUN) teach $(ARGS)

test: ## run all checks: style, book, package, lessons
	$(RUN) test $(ARGS)

book: ## build the book into _build/html
	$(RUN) book $(ARGS)

pdf: ## print the whole book into _build/ospo-lab.pdf (needs Chromium)
	$(RUN) pdf $(ARGS)

offline: ## pack the book into _build/ospo-lab-book.zip, for reading without a network
	$(RUN) offline $(ARGS)

links: ## ask every address outside the book whether it is there (needs a network)
	$(RUN) links $(ARGS)

notebooks: ## run the lessons and store their outputs
	$(RUN) notebooks $(ARGS)

exercises: ## derive exercises/release from exercises/source
	$(RUN) exercises $(ARGS)

bench: ## run the benchmarks
	$(RUN) bench $(ARGS)

check: ## count the points of your own work: make check ASSIGNMENT=foundations
	$(RUN) check $(ASSIGNMENT) $(ARGS)

grade: ## grade a class, from exercises/submitted: make grade ASSIGNMENT=foundations
	$(RUN) grade $(ASSIGNMENT) $(ARGS)

progress: ## show what you have done, and what is next
	$(RUN) progress $(ARGS)

portfolio: ## list your papers: which are there, which do not hold and why
	$(RUN) portfolio $(ARGS)

help: ## show this list
	@sed -n 's/^\([a-z]*\): ## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'
