#!/bin/sh
# Run Python in a virtual environment of this checkout, made and filled first if need be.
#
#   VENV=.venv sh tools/venv.sh EXTRAS ARGUMENTS...    as: python ARGUMENTS... with EXTRAS installed
#
# PYTHON names the interpreter to make it with, CONSTRAINTS the file of versions. Nothing is installed while
# pyproject.toml, that file, the place of the checkout and the environment's Python stay as they were; nothing
# is written outside VENV, but for the __pycache__ of Python.
set -eu

extras=$1
shift
VENV=${VENV:-.venv}
CONSTRAINTS=${CONSTRAINTS:-constraints.txt}
case $VENV in /*) ;; *) VENV=$PWD/$VENV ;; esac

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:+"$PYTHON"}; do
        new_enough "$candidate" && { echo "$candidate"; return; }
        found=$("$candidate" --version 2>&1) || found="no Python there"
        echo "Python 3.11 or newer is needed; PYTHON=$candidate is: $found" >&2
        return 1
    done
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        new_enough "$candidate" && { echo "$candidate"; return; }
    done
    found=$(python3 --version 2>&1) || found="no python3"
    echo "Python 3.11 or newer is needed; found: $found." >&2
    echo "Name one that is installed: make lab PYTHON=/path/to/python3.12" >&2
    return 1
}

state() {
    "$VENV/bin/python" -c 'import sys; print(sys.version)'
    pwd
    cat pyproject.toml "$CONSTRAINTS"
}

is_ready() {
    [ -f "$VENV/ready-$extras" ] && state 2>/dev/null | cmp -s - "$VENV/ready-$extras"
}

# Seconds where pip takes a minute, for who has uv; where it fails, pip tries, and says why not.
with_uv() {
    command -v uv >/dev/null || return 1
    UV_SYSTEM_CERTS=1 uv pip install --quiet --python "$VENV/bin/python" --compile-bytecode \
        -c "$CONSTRAINTS" -e ".[$1]" 2>/dev/null
}

# The user's own settings, start-up files and kernels stay out: the pages run alike for everyone.
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP MPLBACKEND MATPLOTLIBRC
var=$VENV/var
export IPYTHONDIR="$var/ipython" MPLCONFIGDIR="$var/matplotlib"
export JUPYTER_CONFIG_DIR="$var/jupyter/config" JUPYTER_DATA_DIR="$var/jupyter/data"
export JUPYTER_RUNTIME_DIR="$var/jupyter/runtime" JUPYTER_PATH="$VENV/share/jupyter"
export RUFF_CACHE_DIR="$var/ruff" MYPY_CACHE_DIR="$var/mypy"
export HYPOTHESIS_STORAGE_DIRECTORY="$var/hypothesis"
export PIP_DISABLE_PIP_VERSION_CHECK=1

# Python 3.12 cannot start from a folder with letters beyond ASCII under LC_ALL=C.
case ${LC_ALL:-} in
C | POSIX) case $VENV in *[!\ -~]*) export LC_ALL=C.UTF-8 ;; esac ;;
esac

if ! is_ready; then
    if ! new_enough "$VENV/bin/python" || ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        python=$(find_python)
        echo "Making a virtual environment in $VENV"
        "$python" -m venv --clear "$VENV"
    fi
    echo "Installing what the pages need (once, a few minutes) ..."
    rm -f "$VENV"/ready-*
    with_uv "$extras" || "$VENV/bin/python" -m pip install --quiet --progress-bar off -c "$CONSTRAINTS" -e ".[$extras]"
    mkdir -p "$IPYTHONDIR" "$MPLCONFIGDIR" "$JUPYTER_CONFIG_DIR" "$JUPYTER_DATA_DIR" "$JUPYTER_RUNTIME_DIR"
    # The list of fonts is made now, not with a warning in the output of someone's first picture.
    case $extras in
    *notebooks*) "$VENV/bin/python" -c 'import matplotlib.font_manager' 2>/dev/null ;;
    esac
    # JupyterLab is light or dark as the system is, shows a text as it is read, and asks nobody's server for
    # news, updates or extensions.
    mkdir -p "$VENV/share/jupyter/lab/settings" "$VENV/etc/jupyter"
    cat > "$VENV/share/jupyter/lab/settings/overrides.json" <<'JSON'
{"@jupyterlab/apputils-extension:notification": {"checkForUpdates": false, "fetchNews": "false"},
 "@jupyterlab/apputils-extension:themes": {"adaptive-theme": true},
 "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}}}
JSON
    cat > "$VENV/etc/jupyter/jupyter_server_config.json" <<'JSON'
{"LabApp": {"extension_manager": "readonly", "news_url": null}}
JSON
    for name in "$extras" "${extras%%,*}"; do
        state > "$VENV/ready-$name.new" && mv "$VENV/ready-$name.new" "$VENV/ready-$name"
    done
fi

PATH=$VENV/bin:$PATH
export PATH VIRTUAL_ENV="$VENV"
exec "$VENV/bin/python" "$@"
