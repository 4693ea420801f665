// The package's own tests in the Python of the browser, run by node from the folder that the site serves.
//
//   node --stack-size=6000 pyodide_tests.mjs RUNTIME ROOT WHEELS...    WHEELS: pytest and what it needs
//
// ALL_TESTS in the environment: all of them, not those of the mathematics alone.
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

# The mathematics; what else takes minutes in a browser's Python is for \`make test-pyodide\`, which has time for all.
FIRST = {"agreement", "autodiff", "bites", "bites_mathematics", "bites_network", "bridge", "fast_step", "formulas"}
FIRST |= {"gradient_check", "laws", "ledgers", "mathematics", "neurons", "one_vector", "orders", "proofs", "targets"}
LONG_TESTS = ["tests/test_gradient_check.py::test_on_many_kinks_at_once_the_right_gradient_passes_and_an_entry_that_is_off_does_not"]
ALL = ${process.env.ALL_TESTS ? "True" : "False"}

def runs_here(path):
    names = set(imports(path))
    if not ALL and path.stem.removeprefix("test_") not in FIRST:
        return False
    return not names & ABSENT and all(map(find_spec, names)) and '"notebooks"' not in path.read_text("utf-8")

tests = [str(path) for path in sorted(Path("tests").glob("test_*.py")) if runs_here(path)]
print(len(tests), "files of tests:", *[Path(t).stem for t in tests])
# Freeing a chain of so many objects is a recursion in C, and a browser's stack is small; and its exp differs
# in the last bit, of which 1 - a in the worked example makes the twelfth digit (page 4 asserts eleven).
LEFT_OUT = [
    "tests/test_autodiff.py::test_a_chain_of_fifty_thousand_operations_is_no_deeper_than_any_other",
    "tests/test_mathematics.py::test_the_worked_example_comes_out_to_the_last_digits",
]
import pytest
int(pytest.main(["-q", "-p", "no:cacheprovider", "-o", "xfail_strict=true", *(f"--deselect={name}" for name in LEFT_OUT + ([] if ALL else LONG_TESTS)), *tests]))
`);
process.exit(status);
