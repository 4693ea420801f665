// Compile the modules in wheels with the very interpreter that will import them: Pyodide, in node.
//
//   node bytecode.mjs CORE JOBS    CORE: folder of Pyodide's core; JOBS: JSON file, a list of [from, to, keep]
//
// Byte code takes the place of the source, so a reader loads less; with `keep` it lies beside the source, in
// __pycache__, and tracebacks show the lines. What no page can reach is left out: a package's own tests, what only
// a compiler reads, parts of sympy and lexers that nothing here imports, fonts in which nothing is written, a format
// of pictures that no page has, the part of anywidget that lies with the application, and all of jedi and of parso:
// the kernel asks for their names, and counting.mjs never loads them.
// No time stamps: the same input gives the same bytes.
import fs from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [core, jobs] = process.argv.slice(2).map((path) => resolve(path));
const { loadPyodide } = await import(pathToFileURL(`${core}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: `${core}/` });

const add = python.runPython(`
import io, json, os, re, sys, zipfile
from importlib._bootstrap_external import _code_to_hash_pyc
from importlib.util import source_hash

LEVEL = 9
LEFT_OUT = re.compile("|".join([
    r"/(tests|benchmarks|sample_data|afm|pdfcorefonts)/",
    r"^numpy/.*[.](a|h|pyi|pxd)$",
    r"^numpy/f2py/",
    r"^anywidget(/(lab|nb)extension|-[^/]*[.]data)/",
    r"^(jedi|parso)/",
    r"/DejaVu(Serif[-.A-Z]|SansMono-|Sans-BoldOblique)",
    r"^PIL/_webp[.]",
    r"^sympy/(stats|parsing/(autolev|c|fortran|latex))/",
    r"^sympy/physics/(biomechanics|continuum_mechanics|control|hep|mechanics|optics|quantum|vector)/",
    r"^pygments/lexers/(?!(__init__|_mapping|_css_builtins|console|css|data|diff|html|javascript|jvm|perl|python|ruby|shell|special)[.])",
]))
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
SITE_PACKAGES = f"/lib/python{VERSION}/site-packages/"
# The standard library is imported from its zip, without being unpacked.
LIBRARY = f"/lib/python{VERSION.replace('.', '')}.zip/"

def entry(archive, name, data):
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, data, compresslevel=LEVEL)

def add(data, keep, home):
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data.to_bytes())) as old, zipfile.ZipFile(result, "w") as new:
        for name in sorted(old.namelist()):
            if name.endswith("/") or LEFT_OUT.search(name):
                continue
            source, code = old.read(name), None
            if name == "matplotlib/fontlist.json":  # a font that is listed and not there makes matplotlib search anew
                fonts = json.loads(source)
                fonts["ttflist"] = [font for font in fonts["ttflist"] if not LEFT_OUT.search(font["fname"])]
                source = json.dumps(fonts).encode()
            if name.endswith(".py") and ".data/" not in name:
                try:
                    code = compile(source, home + name, "exec", dont_inherit=True)
                except SyntaxError:
                    pass  # a template, or a file that is broken on purpose
            if keep or code is None:
                entry(new, name, source)
            if code is not None:
                folder, file = os.path.split(name)
                cached = f"{folder}/__pycache__/{file[:-3]}.{sys.implementation.cache_tag}.pyc"
                entry(new, cached if keep else name + "c", _code_to_hash_pyc(code, source_hash(source), False))
    return result.getvalue()

add
`);

try {
  for (const [from, to, keep] of JSON.parse(fs.readFileSync(jobs, "utf8"))) {
    const home = python.globals.get(basename(from) === "python_stdlib.zip" ? "LIBRARY" : "SITE_PACKAGES");
    const result = add(new Uint8Array(fs.readFileSync(from)), keep, home);
    fs.writeFileSync(to, result.toJs());
    result.destroy();
  }
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
