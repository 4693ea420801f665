# make alone says what there is to make.
#
# VENV, PYTHON, LAB_FLAGS  see tools/lab.mk
# PAGES   pages for `make notebooks` (default: all)
# SOLUTIONS  what `make student` does with them: stripped (the default) or hidden
# FORCE   yes: `make student` replaces a copy in which somebody has worked
# BUILT   yes: `make test-site` and `make test-pyodide` take the site that is there
# RUNTIME where the site's Python comes from: local (the default) or cdn
# MODULES modules for `make mutants` (default: all, and a report in docs/mutants.md)
# FOLDER  the pages of a class, for `make grade`
# KERNELS --older or --newer for `make test-kernels` under one kernel only
# FIGURES figures for `make bench-figures` (default: all, written to benchmarks/figures.md)

include tools/lab.mk

PAGES =
MATRIX =
FORCE =
SOLUTIONS =
MODULES =
FIGURES =
KERNELS =
FOLDER =
RUNTIME = local
BUILT =
ADDRESS =
TEST_FLAGS =
TESTS = tests backprop_lib notebooks
LINT = lint

TESTING = sh tools/venv.sh notebooks,test
GRADING = VENV="$(VENV)-class" sh tools/venv.sh notebooks,test,class
BUILDING = VENV="$(VENV)-site" sh tools/venv.sh site
FRONT_ENDS = VENV="$(VENV)-front-ends" sh tools/venv.sh notebooks,test,front-ends
PYTEST = $(TESTING) -m pytest -q -p no:cacheprovider
NBVAL = --nbval --nbval-cell-timeout 60
# Files in their order: xdist would put those of few tests last, and some of these take longest.
TWO = -n 2 --dist loadscope --no-loadscope-reorder

# Files of tests in which no matrix product is rounded, or which choose their kernels themselves; single tests
# of this kind are marked any_kernel.
NO_ARITHMETIC = accessibility attempts bad_input bench every_kernel execute_pages grade imports kernels lab links \
  marks mutants nbval_bites page_contents pages plots project run_twice scene secure site student_copies teaching

.PHONY: test test-kernels test-browser test-front-ends test-matrix test-grading grade mutants bench \
  bench-figures notebooks student contents book print pdf site test-site test-pyodide bench-site audit lint address constraints clean

test: $(LINT)  ## check the package, and every output stored in the pages against a fresh run
	@$(PYTEST) $(TWO) --doctest-modules $(NBVAL) $(TEST_FLAGS) $(TESTS)

test-kernels:  ## all that computes, and the pages, under two of OpenBLAS's kernels: a Haswell and an older one
	@$(TESTING) tools/kernels.py $(KERNELS) $(MAKE) --no-print-directory test LINT= \
	  TEST_FLAGS="$(NO_ARITHMETIC:%=--ignore=tests/test_%.py) -m 'not any_kernel' $(TEST_FLAGS)"

test-browser:  ## check the pages and their controls in a real browser (needs Chromium)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	  || { echo "No Chromium found. Install it: apt-get install chromium" >&2; exit 1; }
	@$(PYTEST) -n 2 --dist loadgroup $(TEST_FLAGS) tests/browser

test-front-ends: site  ## run a page in each front end that is to be had, in Chromium and Firefox, and page 0 as on Colab
	@$(FRONT_ENDS) -m pytest -q -p no:cacheprovider -s $(TEST_FLAGS) tests/front_ends

test-grading:  ## grade a class of made-up pages, with nbgrader and without (installs nbgrader apart)
	@$(GRADING) -m pytest -q -p no:cacheprovider $(TWO) $(TEST_FLAGS) tests/grading

grade:  ## run the pages of a class, each by itself, and write a table of what is right (FOLDER=handed-in)
	@$(TESTING) tools/grade.py "$(or $(FOLDER),$(error Say where the pages are: make grade FOLDER=handed-in))"

mutants:  ## change the mathematics in one place at a time: do the tests notice? (MODULES=costs for some)
	@sh tools/venv.sh notebooks,test,mutants tools/mutants.py $(MODULES)

bench-figures:  ## measure how fast the figures answer, in Chromium (on an idle machine)
	@$(TESTING) tools/bench_figures.py $(FIGURES)

notebooks:  ## execute the pages in place (PAGES=notebooks/03*.ipynb for some, PAGES=--check to only look)
	@$(TESTING) tools/execute_pages.py $(PAGES)

test-matrix:  ## `make test` on each Python, with oldest and newest dependencies, on each kernel (MATRIX=oldest)
	@$(TESTING) tools/matrix.py $(MATRIX)

student:  ## copy the course without solutions and outputs into build/student (SOLUTIONS=hidden to fold them)
	@$(TESTING) tools/student_copies.py $(if $(SOLUTIONS),--solutions $(SOLUTIONS)) $(if $(FORCE),--force)

contents:  ## write titles, maps and links of the pages from notebooks/contents.toml
	@$(TESTING) tools/contents.py

book:  ## write the pages as a book that opens as files, without Python and without a network, in build/book
	@$(BUILDING) tools/site/build_site.py --book

print:  ## write the book as one file, to be printed, in build/print
	@$(BUILDING) tools/site/build_site.py --print

pdf: print  ## print the book as build/backpropagation.pdf, its solutions at the end (needs Chromium)
	@$(TESTING) tools/print_book.py

site:  ## build the website: the book, and the pages live in the reader's own browser, in build/site
	@$(BUILDING) tools/site/build_site.py --runtime $(RUNTIME)

test-site: $(if $(BUILT),,site book print)  ## check the website in a real browser that has no network (needs Chromium and node)
	@$(BUILDING) tools/site/runtime.py
	@$(TESTING) -c ''
	@unshare -rn $(PYTEST) -n 2 --dist worksteal $(TEST_FLAGS) tests/site

test-pyodide: $(if $(BUILT),,site)  ## all tests of the package in the Python of the browser (half an hour, needs node)
	@$(BUILDING) tools/site/runtime.py
	@$(TESTING) -c ''
	@ALL_TESTS=yes unshare -rn $(PYTEST) $(TEST_FLAGS) tests/site/test_all_in_pyodide.py

bench-site: site  ## measure the website: size, waiting times, memory, load; the table in benchmarks/site.md
	@$(TESTING) tools/bench_site.py

lint:  ## ruff, mypy --strict on the package, spelling
	@$(TESTING) -m ruff check -q .
	@$(TESTING) -m mypy --strict --no-error-summary backprop_lib
	@$(TESTING) -m codespell_lib

audit:  ## look the pinned versions up among the known vulnerabilities (needs the network)
	@$(TESTING) -m venv "$(VENV)/var/audit"
	@"$(VENV)/var/audit/bin/python" -m pip install --quiet pip-audit
	@"$(VENV)/var/audit/bin/python" -m pip_audit --strict --no-deps --disable-pip -r constraints.txt \
	  || { echo "A pinned version has a known vulnerability, or could not be looked up: see above." >&2; exit 1; }

bench:  ## measure the package beside PyTorch, JAX and others (minutes, on an idle machine)
	@$(READING) benchmarks/install.py "$(VENV)-bench"
	@"$(VENV)-bench/bin/python" -m benchmarks

address:  ## write a fork's address wherever it is named (ADDRESS=https://github.com/you/backprop)
	@$(READING) tools/address.py $(ADDRESS)

constraints:  ## pin all versions anew in constraints.txt (with Python 3.11)
	@$(or $(PYTHON),python3.11) tools/pin.py

clean:  ## remove the virtual environment and all caches
	@for venv in "$(VENV)" "$(VENV)-bench" "$(VENV)-site" "$(VENV)-class" \
	  "$(VENV)-front-ends"; do if [ -f "$$venv/pyvenv.cfg" ]; then rm -rf -- "$$venv"; fi; done
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	@find . -name '.venv*' -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -prune -exec rm -rf {} +
