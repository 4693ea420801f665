"""Execute the pages in clean kernels and store what they say, in one form on every machine.

    python tools/execute_pages.py                        all pages of notebooks/, in place
    python tools/execute_pages.py notebooks/03*.ipynb    these pages
    python tools/execute_pages.py --check                say which pages would change, write nothing

A page is written only if it changed, and only after every cell ran. A picture that looks the same
as the stored one is not replaced, so another machine leaves the stored pages as they are, but for a picture
that draws round-off itself; its cell has the tag `round-off`.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]
Output = dict[str, Any]

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
CELL_TIMEOUT = 60
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
PICTURE = re.compile(r'(?<=src="data:image/png;base64,)[^"]*(?=")')  # of an <img>
DATA_URI = re.compile(PICTURE.pattern + "|(?<=%22data:image/png;base64,)[^%]*(?=%22)")  # or in a drawing, too
PLACE = re.compile(r'style="position:absolute;left:[^"]*"')  # of what can be pointed at in a picture

# Two renderings of one picture: a few pixels of anti-aliasing may differ, no more.
MEAN_DIFFERENCE = 0.25
PIXEL_DIFFERENCE = 40
PIXELS_THAT_MAY_DIFFER = 4


class PageError(Exception):
    """A page that could not be executed; the message names the page and the cell."""


def joined(text: str | list[str]) -> str:
    """The text of a notebook field, which is stored as one string or as a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def read(path: Path) -> Notebook:
    """The notebook in a file, every text as one string; cells without an id get one from their position."""
    import nbformat

    try:
        content = json.loads(path.read_bytes())  # Windows may mark it, or make it UTF-16
        # Half of a letter, which JSON can write and no kernel can be sent, becomes a question mark.
        text = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace").decode()
        page: Notebook = nbformat.convert(nbformat.reader.reads(text), 4)
    except Exception as error:  # whatever a file holds
        raise PageError(f"{path}: not a notebook: {error}") from error
    for number, cell in enumerate(page["cells"], 1):
        cell.setdefault("id", f"cell-{number:02d}")
    page["nbformat"], page["nbformat_minor"] = 4, 5
    return page


def serialized(page: Notebook) -> str:
    """The text of a notebook file: multi-line fields as lists of lines, sorted keys, one final newline."""
    import nbformat

    return f"{nbformat.v4.writes(nbformat.from_dict(page))}\n"


def normalized(page: Notebook) -> Notebook:
    """A copy without what a machine, a version or a run left in it."""
    page = deepcopy(page)
    kept = {"title": page["metadata"]["title"]} if "title" in page.get("metadata", {}) else {}
    page["metadata"] = {"kernelspec": dict(KERNELSPEC), "language_info": dict(LANGUAGE), **kept}
    for cell in page["cells"]:
        for name in ("execution", "ExecuteTime", "collapsed", "scrolled", "trusted"):
            cell["metadata"].pop(name, None)
        if cell["cell_type"] == "code":
            cell["outputs"] = normalized_outputs(cell["outputs"])
    return page


def normalized_outputs(outputs: list[Output]) -> list[Output]:
    """Pieces of one stream joined, views of live widgets dropped, tracebacks cut to their last line."""
    result: list[Output] = []
    for output in deepcopy(outputs):
        kind = output["output_type"]
        if kind == "stream":
            output["text"] = joined(output["text"])
            if result and result[-1]["output_type"] == kind and result[-1]["name"] == output["name"]:
                result[-1]["text"] += output["text"]
                continue
        elif kind == "error":
            output["traceback"] = [f"{output['ename']}: {output['evalue']}"]
        else:
            output["data"].pop(WIDGET_VIEW, None)
            if not output["data"]:
                continue
        result.append(output)
    return result


def looks_different(first: str, second: str) -> bool:
    """Whether two pictures (PNG in base64) differ for the eye: in size, or by more than anti-aliasing."""
    import numpy as np
    from PIL import Image

    if first == second:
        return False
    try:
        one, two = (
            np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA"), dtype=float)
            for png in (first, second)
        )
    except (OSError, ValueError):
        return True
    if one.shape != two.shape:
        return True
    difference = np.abs(one - two)
    strong = int((difference.max(axis=2) > PIXEL_DIFFERENCE).sum())
    return bool(difference.mean() > MEAN_DIFFERENCE or strong > PIXELS_THAT_MAY_DIFFER)


def with_stored_pictures(fresh: list[Output], stored: list[Output]) -> list[Output]:
    """The fresh outputs, with the stored bytes of every picture that looks the same."""
    fresh = deepcopy(fresh)
    for new, old in zip(fresh, stored, strict=False):
        new_data, old_data = new.get("data", {}), old.get("data", {})
        png, old_png = (joined(data.get("image/png", "")) for data in (new_data, old_data))
        if png and old_png and not looks_different(png, old_png):
            new_data["image/png"] = old_data["image/png"]
        html, old_html = (joined(data.get("text/html", "")) for data in (new_data, old_data))
        old_pictures = DATA_URI.findall(old_html)
        if old_pictures and len(DATA_URI.findall(html)) == len(old_pictures):
            stock = iter(old_pictures)
            new_data["text/html"] = DATA_URI.sub(lambda match, stock=stock: same_or(match[0], stock), html)
    return fresh


def same_or(new: str, stock: Iterator[str]) -> str:
    """The next stored picture if the new one looks the same and is not much smaller, else the new one."""
    old = next(stock)
    return new if len(new) < 0.75 * len(old) or looks_different(new, old) else old


def without_outputs(page: Notebook) -> Notebook:
    """A normalized copy of the page as if it had never been run."""
    unrun = {"outputs": [], "execution_count": None}
    cells = [cell | unrun if cell["cell_type"] == "code" else cell for cell in page["cells"]]
    return normalized({**page, "cells": cells})


def kernel_manager(kernel: dict[str, Any], **traits: Any) -> Any:
    """A manager, with these traits, that starts this kernel, whatever kernels are installed."""
    from ipykernel.kernelspec import RESOURCES
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class This(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return KernelSpec(resource_dir=RESOURCES, **kernel)

    return AsyncKernelManager(kernel_spec_manager=This(), **traits)


def executed(page: Notebook, folder: Path, name: str = "page") -> Notebook:
    """A normalized copy of the page, run from top to bottom in a clean kernel of this interpreter."""
    import nbformat
    from ipykernel.kernelspec import get_kernel_dict
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.from_dict(without_outputs(page))
    running: list[Notebook] = []
    client = NotebookClient(
        notebook,
        km=kernel_manager(get_kernel_dict()),
        timeout=CELL_TIMEOUT,
        record_timing=False,
        store_widget_state=False,
        on_cell_execute=lambda cell, cell_index: running.append(cell),
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute(cleanup_kc=True, stderr=subprocess.DEVNULL)
    except CellExecutionError as error:  # and the cell has no tag that says so
        cell, said = running[-1], f"{error.ename}: {error.evalue}"
        where = f"cell [{cell['execution_count']}] (id {cell['id']})"
        raise PageError(f"{name}: {where}: {said}\n{cell['source']}") from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise PageError(f"{name}: cell id {running[-1]['id']}: {error}") from error
    result = normalized(json.loads(nbformat.writes(notebook)))
    stored = {cell["id"]: cell.get("outputs", []) for cell in page["cells"]}
    for cell in result["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = with_stored_pictures(cell["outputs"], stored[cell["id"]])
    return result


def update(path: Path, write: bool) -> bool:
    """Execute one page; whether its stored form changes (or would change, if write is false)."""
    page = read(path)
    text = serialized(executed(page, path.parent, str(path)))
    if text == path.read_text(encoding="utf-8"):
        return False
    if write:
        from backprop_lib.whole_file import write_whole

        write_whole(path, lambda file: file.write(text.encode()))
    return True


def isolate(folder: str) -> None:
    """Keep the user's settings, extra threads and progress bars away from the kernels started from here."""
    for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR"):
        os.environ.setdefault(f"{name}_NUM_THREADS", "1")
    os.environ["TQDM_DISABLE"] = "1"
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        os.environ[name] = os.path.join(folder, name.lower())
    for name in ("MPLBACKEND", "MATPLOTLIBRC", "PYTHONSTARTUP"):
        os.environ.pop(name, None)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", type=Path, help="default: notebooks/*.ipynb")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page would change")
    options = parser.parse_args(arguments)
    pages = options.pages or sorted(Path("notebooks").glob("*.ipynb"))
    if not pages:
        parser.error("no pages in notebooks/")
    changed, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(2) as pool:
        isolate(folder)
        jobs = [(path, pool.submit(update, path, not options.check)) for path in pages]
        for path, job in jobs:
            try:
                differs = job.result()
            except PageError as error:
                failed += 1
                print(error, file=sys.stderr, flush=True)
                continue
            changed += differs
            verb = "would change" if options.check else "changed"
            print(f"{path}: {verb if differs else 'unchanged'}", flush=True)
    if failed:
        print(f"{failed} of {len(pages)} pages could not be executed and were left alone", file=sys.stderr)
    return 1 if failed or (options.check and changed) else 0


if __name__ == "__main__":
    sys.exit(main())
