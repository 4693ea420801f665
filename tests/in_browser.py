"""What the tests ask of a page in a browser: what it has drawn or cut, and whether it says what is stored."""

from __future__ import annotations

import json
import re
from os.path import commonprefix
from pathlib import Path
from typing import Any

from execute_pages import PICTURE, PLACE, joined

PAGES = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

# What is wider than the part of the page that it is in, but for tables and code, which scroll by themselves;
# and pictures that lost their shape.
CUT = """part => {
    const { left, right } = part.getBoundingClientRect();
    const shapeOf = each => each.viewBox?.baseVal ?? {width: each.naturalWidth, height: each.naturalHeight};
    return [...part.querySelectorAll('*')].filter(each => {
        const box = each.getBoundingClientRect(), shape = each.matches('svg, img') && shapeOf(each);
        if (!each.checkVisibility() || each.closest('table, pre, svg *')) return false;
        return box.left < left - 1 || box.right > right + 1
            || shape && Math.abs(box.width * shape.height / shape.width - box.height) > 1;
    }).map(each => each.outerHTML.slice(0, 100));
}"""

IN_KERNEL = """async code => {
    const future = window.notebook.sessionContext.session.kernel.requestExecute({code});
    let text = '';
    future.onIOPub = message => { text += message.content.text ?? ''; };
    const reply = await future.done;
    return {status: reply.content.status, text, error: reply.content.evalue ?? ''};
}"""

# What a page of the book has drawn. MathJax writes a command that it does not know as red text.
DRAWN = """async () => {
    await MathJax.startup.promise;
    await document.fonts.ready;
    const count = selector => document.querySelectorAll(selector).length;
    return {
        formulas: count('.math'), drawn: count('mjx-container > svg'),
        spoken: count('mjx-assistive-mml > math'), displayed: count('mjx-container[display=true]'),
        wrong: count('[data-mml-node=merror], [data-mml-node=mtext][fill=red]'),
        faint: [...document.querySelectorAll('mjx-container > svg')].filter(each => each.checkVisibility()
            && (getComputedStyle(each).backgroundColor !== 'rgba(0, 0, 0, 0)'
                || each.getBoundingClientRect().width < each.width.baseVal.value - 1)).length,
        raw: [...document.querySelectorAll('td')].filter(cell => /\\\\[a-z]/.test(cell.textContent)).length,
        pictures: [...document.querySelectorAll('.cell_output :is(img, svg[aria-label])')]
            .map(i => [i.naturalWidth ?? i.width.baseVal.value, i.alt ?? i.ariaLabel]),
        cut: [...document.querySelectorAll('.cell_output :is(img, svg[aria-label])')].filter(each => {
            const [box, around] = [each, each.closest('.cell_output')].map(e => e.getBoundingClientRect());
            const shape = each.viewBox?.baseVal ?? {width: each.naturalWidth, height: each.naturalHeight};
            return each.checkVisibility() && (box.left < around.left - 1 || box.right > around.right + 1
                || Math.abs(box.width * shape.height / shape.width - box.height) > 1);
        }).length,
        open: count('details[open]'), wider: document.documentElement.scrollWidth - innerWidth,
    };
}"""


def factories(page: Path) -> list[str]:
    """The figures of a page in its order, by the name of their factory."""
    sources = ["".join(cell["source"]) for cell in json.loads(page.read_text(encoding="utf-8"))["cells"]]
    imported = set(re.findall(r"from backprop_lib\.figures\.(\w+) import", "\n".join(sources)))
    calls = [re.search(r"^(\w+)\(\)$", source, re.MULTILINE) for source in sources]
    return [call[1] for call in calls if call and call[1] in imported]


def texts(cell: dict[str, Any]) -> list[str]:
    """What a code cell says, in one form: its streams joined, text/plain, text/html without its pictures."""
    said: list[str] = []
    streams: dict[str, str] = {}
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            streams[output["name"]] = streams.get(output["name"], "") + joined(output["text"])
        elif output["output_type"] == "error":
            said.append(f"error: {output['ename']}: {output['evalue']}")
        else:
            for kind in ("text/plain", "text/html"):
                if kind in output["data"]:
                    text = PLACE.sub("", PICTURE.sub("a picture", joined(output["data"][kind])))
                    said.append(f"{kind}: {text}")
    return [f"{name}: {text}" for name, text in sorted(streams.items())] + said


def stored(path: Path) -> list[dict[str, Any]]:
    """The code cells of a page as it is stored."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def differences(stored_cells: list[dict[str, Any]], shown: list[dict[str, Any]]) -> list[str]:
    """One sentence for each code cell that does not say in the browser what is stored."""
    if len(stored_cells) != len(shown):
        return [f"{len(stored_cells)} code cells are stored, {len(shown)} were run"]
    found = []
    for number, (old, new) in enumerate(zip(stored_cells, shown, strict=True), 1):
        if new["execution_count"] != number:
            found.append(f"cell [{number}] was not run")
        elif texts(old) != texts(new):
            one, other = "\n".join(texts(old)), "\n".join(texts(new))
            start = max(0, len(commonprefix([one, other])) - 60)
            pieces = (f"… {text[start : start + 200]!r} …" for text in (one, other))
            found.append("cell [{}]:\n  stored  {}\n  browser {}".format(number, *pieces))
    return found
