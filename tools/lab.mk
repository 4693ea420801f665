# What can be made in a students' copy as well, where this is the whole Makefile.
#
# VENV    where the virtual environment is kept (default .venv; elsewhere for a read-only checkout)
# PYTHON  the interpreter to make it with (default: the first of Python 3.11 or newer)
# LAB_FLAGS  flags for JupyterLab, such as --no-browser or --allow-root

VENV = .venv
PYTHON =
LAB_FLAGS =

export VENV PYTHON
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export MKL_NUM_THREADS = 1
export VECLIB_MAXIMUM_THREADS = 1

FIRST_PAGE = /lab/tree/notebooks/00_start_here.ipynb
SERVER = --ServerApp.kernel_websocket_connection_class=tools.lab.WithoutDelay \
  --ContentsManager.pre_save_hook=tools.lab.in_one_form
AS_ROOT = JupyterLab does not start as root, because a page may then do anything. \
  Log in as another user; or, in a container that is yours alone: make lab LAB_FLAGS=--allow-root
READING = sh tools/venv.sh notebooks

.PHONY: help lab

help:  ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lab:  ## open the course in JupyterLab (installs what it needs the first time)
	@$(if $(filter 0,$(shell id -u)),$(if $(filter --allow-root,$(LAB_FLAGS)),,$(error $(AS_ROOT))))
	@$(READING) -m jupyterlab --ServerApp.ip=127.0.0.1 --LabApp.default_url=$(FIRST_PAGE) $(SERVER) $(LAB_FLAGS)
