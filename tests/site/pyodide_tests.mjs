// The package's own tests in the Python of the browser, run by node from the folder that the site serves.
//
//   node pyodide_tests.mjs RUNTIME ROOT WHEELS...    WHEELS: pytest and what it needs
//
// Left out are the tests that start processes or read the notebooks: a browser has neither.
import fs from "node:fs";
import { pathToFileURL } from "node:url";

const [runtime, root, ...wheels] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${runtime}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: `${runtime}/` });
const quiet = { messageCallback() {} };
await python.loadPackage(["backprop-lib", "ipywidgets", "matplotlib", "numpy", "pillow", "sympy", "pygments"], quiet);
for (const wheel of wheels) {
  python.unpackArchive(new Uint8Array(fs.readFileSync(wheel)), "zip", { extractDir: "/wheels" });
}
python.FS.mkdirTree("/course");
for (const name of ["tests", "conftest.py", "datasets", "tools"]) {
  const target = `/course/${name}`;
  if (fs.statSync(`${root}/${name}`).isDirectory()) {
    python.FS.mkdirTree(target);
    python.FS.mount(python.FS.filesystems.NODEFS, { root: `${root}/${name}` }, target);
  } else {
    python.FS.writeFile(target, fs.readFileSync(`${root}/${name}`));
  }
}
const status = python.runPython(`
import os, re, sys
from importlib import invalidate_caches
from pathlib import Path

invalidate_caches()
sys.dont_write_bytecode = True
sys.path[:0] = ["/course/tools", "/wheels"]
os.chdir("/course")
needs = re.compile(r"subprocess|multiprocessing|threading|notebooks|nbformat|page_lints|import yaml|resource")
tests = [str(p) for p in sorted(Path("tests").glob("test_*.py")) if not needs.search(p.read_text("utf-8"))]
print(len(tests), "files of tests:", *[Path(t).stem for t in tests])
import pytest
int(pytest.main(["-q", "-p", "no:cacheprovider", "-o", "xfail_strict=true", *tests]))
`);
process.exit(status);
