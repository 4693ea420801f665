// The package's own tests in the Python of the browser, run by node from the folder that the site serves.
//
//   node --stack-size=6000 pyodide_tests.mjs RUNTIME ROOT WHEELS...    WHEELS: pytest and what it needs
//
// ALL_TESTS in the environment: those too that take minutes.
// Left out are the tests that start processes or read the notebooks: a browser has neither.
import fs from "node:fs";
import { pathToFileURL } from "node:url";

const [runtime, root, ...wheels] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${runtime}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: `${runtime}/` });
const quiet = { messageCallback() {} };
await python.loadPackage(["anywidget", "backprop-lib", "ipywidgets", "matplotlib", "numpy", "pillow", "sympy", "pygments"], quiet);
for (const wheel of wheels) {
  python.unpackArchive(new Uint8Array(fs.readFileSync(wheel)), "zip", { extractDir: "/wheels" });
}
python.FS.mkdirTree("/course");
for (const name of ["tests", "conftest.py", "datasets", "backprop_lib/figures"]) {
  const target = `/course/${name}`;
  if (fs.statSync(`${root}/${name}`).isDirectory()) {
    python.FS.mkdirTree(target);
    python.FS.mount(python.FS.filesystems.NODEFS, { root: `${root}/${name}` }, target);
  } else {
    python.FS.writeFile(target, fs.readFileSync(`${root}/${name}`));
  }
}
const status = python.runPython(`
import ast, os, sys
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

invalidate_caches()
sys.dont_write_bytecode = True
sys.path[:0] = ["/course/tests", "/wheels"]
os.chdir("/course")
ABSENT = {"subprocess", "multiprocessing", "threading", "resource", "page_lints", "accessibility_lints"}

def imports(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]

# Minutes in a browser's Python, and the same there as elsewhere: for \`make test-pyodide\`, which has time for all.
LONG = {"test_bad_input", "test_clones", "test_digits", "test_figure_states", "test_living", "test_live_training"}
LONG.add("test_answers")
LONG_TESTS = [
    "tests/test_answers_on_pages.py::test_a_nearly_constant_start_is_enough_and_two_neurons_do_exclusive_or",
    "tests/test_data.py::test_any_file_is_read_or_refused",
    "tests/test_figures.py::test_every_control_moves_to_both_ends_and_back_and_reset_returns",
    "tests/test_figures.py::test_the_code_of_a_figure_gives_every_number_of_its_table",
    "tests/test_figures.py::test_one_line_of_code_shows_the_state_of_the_iris_lab_again",
    "tests/test_figures.py::test_two_figures_on_one_page_do_not_touch_each_other",
    "tests/test_gradient_check.py::test_on_many_kinks_at_once_the_right_gradient_passes_and_an_entry_that_is_off_does_not",
    "tests/test_mistakes.py::test_on_random_nets_every_block_that_it_spoils_is_refused",
]
if ${process.env.ALL_TESTS ? "True" : "False"}:
    LONG, LONG_TESTS = set(), []

def runs_here(path):
    names = set(imports(path))
    return path.stem not in LONG and not names & ABSENT and all(map(find_spec, names)) and '"notebooks"' not in path.read_text("utf-8")

tests = [str(path) for path in sorted(Path("tests").glob("test_*.py")) if runs_here(path)]
print(len(tests), "files of tests:", *[Path(t).stem for t in tests])
# Freeing a chain of so many objects is a recursion in C, and a browser's stack is small; and its exp differs
# in the last bit, of which 1 - a in the worked example makes the twelfth digit (page 4 asserts eleven).
LEFT_OUT = [
    "tests/test_autodiff.py::test_a_chain_of_fifty_thousand_operations_is_no_deeper_than_any_other",
    "tests/test_mathematics.py::test_the_worked_example_comes_out_to_the_last_digits",
]
import pytest
int(pytest.main(["-q", "-p", "no:cacheprovider", "-o", "xfail_strict=true", *(f"--deselect={name}" for name in LONG_TESTS + LEFT_OUT), *tests]))
`);
process.exit(status);
