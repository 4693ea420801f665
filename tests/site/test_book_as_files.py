"""The book opened as files: every page is there, drawn and told in words, and nothing else is asked for.

Run by `make test-site`, on a machine without a network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from axe import serious
from documents import LINK, PAGES, ROOT, document
from in_browser import DRAWN

BOOK = ROOT / "build" / "book"
PHONE = {"width": 390, "height": 800}
WIDE = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def offline(chromium: Any) -> Iterator[Any]:
    """A browser without a network."""
    assert (BOOK / "index.html").is_file(), "nothing to test: make book"
    with chromium.new_context(offline=True) as context:
        yield context


@contextmanager
def watched(offline: Any) -> Iterator[Any]:
    """A tab; at the end it has asked for files of the book alone, missed none and reported no error.

    An icon that is still asked for when the reader leaves the page is no miss: the browser gives it up.
    """
    page, asked, said = offline.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: said.extend(missed(request)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.close()
    assert [url for url in asked if not url.startswith((BOOK.as_uri(), "data:", "blob:"))] == []
    assert said == []


@pytest.fixture
def tab(offline: Any) -> Iterator[Any]:
    with watched(offline) as page:
        yield page


@pytest.fixture(scope="module", params=PAGES, ids=lambda path: path.stem)
def opened(request: pytest.FixtureRequest, offline: Any) -> Iterator[tuple[Path, Any]]:
    """A page of the course and the tab that shows it, opened once for all tests of every page."""
    with watched(offline) as page:
        page.set_viewport_size(PHONE)
        pointing(page, f"notebooks/{request.param.stem}.html")
        page.evaluate(DRAWN)
        yield request.param, page


def missed(request: Any) -> list[str]:
    """What a failed request says, unless the reader left the page before the answer came."""
    return [] if request.failure == "net::ERR_ABORTED" else [f"missed: {request.url} ({request.failure})"]


def address(name: str) -> str:
    return (BOOK / "notebooks" / f"{name}.html").as_uri()


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["390", "1280"])
def test_a_page_is_drawn_from_files_alone(size: dict[str, int], opened: tuple[Path, Any]) -> None:
    path, tab = opened
    tab.set_viewport_size(size)
    drawn = tab.evaluate(DRAWN)
    written = [displayed for _, displayed in document(path).formulas]
    assert drawn["drawn"] == drawn["spoken"] == drawn["formulas"] >= len(written) > 0
    assert drawn["displayed"] == sum(written) and drawn["wrong"] == drawn["raw"] == 0
    assert all(pixels > 100 and len(alt.split()) >= 5 for pixels, alt in drawn["pictures"]), drawn["pictures"]
    assert drawn["cut"] == 0, "a picture is not whole"
    assert drawn["faint"] == 0, "a formula is smaller than it is written, or has a ground of its own"
    assert drawn["open"] == 0, "a solution is open"
    assert drawn["wider"] <= 0, "the page scrolls sideways"


def test_a_command_that_does_not_exist_is_seen(tab: Any) -> None:
    tab.goto(address(PAGES[1].stem))
    assert tab.evaluate(DRAWN)["wrong"] == 0
    tab.evaluate("() => { document.body.append(MathJax.tex2svg('\\\\nosuchsymbol a')); }")
    assert tab.evaluate(DRAWN)["wrong"] == 1


def test_a_file_that_is_not_there_is_seen(offline: Any) -> None:
    page, said = offline.new_page(), []
    page.on("requestfailed", lambda request: said.extend(missed(request)))
    page.goto(address(PAGES[1].stem))
    page.evaluate("() => new Promise(done => Object.assign(new Image(), {onerror: done, src: 'none.svg'}))")
    page.close()
    assert any("none.svg (net::ERR_FILE_NOT_FOUND)" in words for words in said), said


def test_the_contents_lead_to_every_page_and_a_word_is_found(tab: Any) -> None:
    tab.goto((BOOK / "index.html").as_uri())
    links = tab.locator("article a[href^='notebooks/']")
    hrefs = links.evaluate_all("links => links.map(link => link.href)")
    assert hrefs == [address(path.stem) for path in PAGES]
    with tab.expect_navigation(wait_until="load"):
        links.last.click()
    assert tab.url == address(PAGES[-1].stem) and tab.locator("h1").count() == 1
    with tab.expect_navigation(wait_until="load"):
        tab.locator("input[name=q]").first.fill("transpose")
        tab.keyboard.press("Enter")
    tab.locator("#search-results li a").first.wait_for()


def test_every_solution_is_folded() -> None:
    for path in PAGES:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [c for c in cells if c["cell_type"] == "code" and "solution" in c["metadata"].get("tags", [])]
        html = (BOOK / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
        shown = re.findall(r'<div class="(cell [^"]*)"', html)
        folded = [classes for classes in shown if {"tag_solution", "tag_hide-input"} <= set(classes.split())]
        assert len(folded) == len(code), path.stem


def test_every_answer_to_a_prediction_is_sealed_and_opened_by_the_keyboard(opened: tuple[Path, Any]) -> None:
    path, tab = opened
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    asked = len(re.findall(r"\bpredict\(", code))
    folds = tab.locator(".cell_output details", has_text="Commit to a guess first, then open")
    assert folds.count() >= asked
    for i in range(folds.count()):
        fold = folds.nth(i)
        parts = fold.locator(":scope > :not(summary)")
        assert parts.count() > 0
        fold.locator("summary").focus()
        for is_open in (False, True):
            assert {parts.nth(n).is_visible() for n in range(parts.count())} == {is_open}
            tab.keyboard.press("Enter")


def test_every_link_leads_to_a_file_and_a_heading_of_the_book() -> None:
    texts = {path.resolve(): path.read_text(encoding="utf-8") for path in BOOK.rglob("*.html")}
    assert len(texts) > len(PAGES)
    for path, html in texts.items():
        for link in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', html):
            file, _, anchor = unquote(link).partition("#")
            if "://" in file:
                continue
            target = (path.parent / file).resolve() if file else path
            assert target.is_file() and target.is_relative_to(BOOK.resolve()), (path.name, link)
            assert not anchor or f'id="{anchor}"' in texts[target], (path.name, link)


# What a reader looks up, takes along, and points at


def pointing(tab: Any, page: str) -> None:
    tab.goto((BOOK / page).as_uri())
    tab.wait_for_function("() => document.documentElement.dataset.explained === 'ready'")


def test_every_page_lies_beside_its_html_to_be_downloaded_as_it_is() -> None:
    for path in PAGES:
        html = (BOOK / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
        assert f'<a href="{path.name}" download>Download this page (.ipynb)</a>' in html
        assert (BOOK / "notebooks" / path.name).read_bytes() == path.read_bytes()


def test_where_a_click_downloads_nothing_the_link_says_how_the_page_is_saved(tab: Any) -> None:
    pointing(tab, "notebooks/02_cost_and_gradient_descent.html")
    link = tab.locator(".also a[download]")
    assert "save the link" in link.inner_text()
    assert link.get_attribute("href") == "02_cost_and_gradient_descent.ipynb"


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_a_symbol_says_its_meaning_and_its_shape(how: str, tab: Any) -> None:
    pointing(tab, "notebooks/03_the_error_of_the_output_layer.html")
    error = tab.locator("article mjx-container [data-symbol=δ]").first
    if how == "mouse":
        error.hover()
    else:
        error.locator("xpath=ancestor::mjx-container").evaluate("formula => formula.focus()")
    tip = tab.get_by_role("tooltip")
    tip.wait_for()
    assert "the error of neuron j of layer l" in tip.inner_text() and "shape" in tip.inner_text()
    box, width = tip.bounding_box(), tab.viewport_size["width"]
    assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["y"] >= 0
    tab.keyboard.press("Escape")
    assert tip.is_hidden()


# A browser that does not know the box of a symbol as what a pointer hits, such as Firefox.
WITHOUT_BOXES = """
    const { supports } = CSS;
    CSS.supports = (...asked) => !asked.join().includes("bounding-box") && supports.call(CSS, ...asked);
    addEventListener("DOMContentLoaded", () => document.head.insertAdjacentHTML("beforeend",
        "<style>[data-symbol] { pointer-events: auto !important; }</style>"));
"""


def explained_at_their_centres(offline: Any, script: str) -> list[tuple[str, str]]:
    """The letter of each symbol of the four equations, and what is said of its center under the mouse."""
    with watched(offline) as tab:
        tab.add_init_script(script)
        pointing(tab, "symbols.html")
        said = []
        for formula in tab.locator("article table").nth(1).locator("mjx-container").all():
            formula.scroll_into_view_if_needed()
            for symbol in formula.locator("[data-symbol]").all():
                box = symbol.bounding_box()
                tab.mouse.move(0, 0)
                tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
                tip = tab.get_by_role("tooltip")
                words = tip.inner_text() if tip.is_visible() else ""
                said.append((symbol.get_attribute("data-symbol"), words))
        return said


def test_a_symbol_is_hit_between_its_strokes_in_every_browser(offline: Any) -> None:
    said = explained_at_their_centres(offline, "")
    assert len(said) > 20 and all(words for _, words in said)
    assert explained_at_their_centres(offline, WITHOUT_BOXES) == said


def test_a_prime_and_a_transpose_are_symbols_of_their_own_and_a_letter_of_another_page_is_none(
    tab: Any,
) -> None:
    pointing(tab, "notebooks/04_the_error_of_a_hidden_layer.html")
    for letter, words in (("σ′", "the derivative of the activation"), ("T", "the transpose")):
        tab.locator(f"article mjx-container [data-symbol='{letter}']").first.hover()
        assert words in tab.get_by_role("tooltip").inner_text()
    for page, letter, least in (
        ("05_the_gradient", "i", 20),
        ("06_backpropagation_assembled", "λ", 3),
        ("10_softmax_and_cross_entropy", "p", 10),
    ):
        pointing(tab, f"notebooks/{page}.html")
        assert tab.locator(f"article [data-symbol={letter}]").count() >= least
    for page, letter in (
        ("03_the_error_of_the_output_layer", "p"),
        ("07_trusting_a_gradient", "i"),  # the imaginary unit
        ("../bibliography", "i"),
        ("11_from_equations_to_autodiff", "h"),
        ("12_the_same_four_equations_elsewhere", "h"),
        ("12_the_same_four_equations_elsewhere", "k"),
    ):
        pointing(tab, f"notebooks/{page}.html")
        assert tab.locator(f"article [data-symbol={letter}]").count() == 0


# Signs of the text that are not marked, and words and labels that are.
UNMARKED = """() => {
    const known = new Set([...document.querySelectorAll('[data-symbol]')].map(each => each.dataset.symbol));
    const formulas = 'pre, code, svg, mjx-container, script, style, [data-is]';
    const all = [...document.querySelectorAll('article *')].filter(each => !each.closest(formulas));
    return all.flatMap(each => {
        const { symbol } = each.dataset, next = each.nextSibling?.data;
        if (symbol === 'a' && /^ (?:net|neuron|small|single)/.test(next)) return [`a${next}`];
        if (symbol === 'C' && each.closest('td, strong')) return ['the label C'];
        const texts = symbol ? [] : [...each.childNodes].filter(node => node.nodeType === Node.TEXT_NODE);
        return texts.map(({data}) => data).filter(data =>
            known.has(data.match(/[σδηθΔ∂∇⊙]|[wbz](?=[⁰¹²³])/u)?.[0]));
    });
}"""


def test_no_sign_of_the_text_is_without_its_meaning(opened: tuple[Path, Any]) -> None:
    _, tab = opened
    assert tab.locator("article span[data-symbol]").count() > 10
    assert tab.evaluate(UNMARKED) == []


@pytest.mark.parametrize(
    ("page", "words", "symbols"),
    [
        ("notebooks/03_the_error_of_the_output_layer", "h3:has-text('Is σ′ of z or')", ["σ′", "z", "a"]),
        ("notebooks/04_the_error_of_a_hidden_layer", "strong:has-text('What if σ′ is left')", ["σ′"]),
        ("notebooks/07_trusting_a_gradient", "td p:has-text('σ′ of a at the output')", ["σ′", "a"]),
        ("notebooks/08_training_on_iris", "th:has-text('largest ∂C/∂w¹')", ["∂", "C", "∂", "w"]),
        ("notebooks/08_training_on_iris", "th:has-text('‖δ‖ of layer 2')", ["δ"]),
        ("notebooks/08_training_on_iris", "p:has-text('in the runs A, B, C and D')", []),
        ("docs/questions", "a:has-text('Whose δ has a bias?')", ["δ"]),
    ],
)
def test_a_symbol_of_the_text_says_its_meaning_by_mouse_and_by_keyboard(
    page: str, words: str, symbols: list[str], tab: Any
) -> None:
    pointing(tab, f"{page}.html")
    tab.evaluate("() => document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    text, tip = tab.locator(f"article {words}").first, tab.get_by_role("tooltip")
    marked = text.locator("span[data-symbol]")
    assert marked.evaluate_all("all => all.map(each => each.dataset.symbol)") == symbols
    meanings = tab.evaluate("() => Object.fromEntries(BOOK.symbols.map(each => [each.letter, each.meaning]))")
    for n, symbol in enumerate(symbols):
        marked.nth(n).hover()
        assert meanings[symbol] in tip.inner_text()
    if symbols:
        tab.keyboard.press("Escape")
        (marked.first if text.evaluate("text => text.tagName !== 'A'") else text).focus()
        assert all(meanings[symbol] in tip.inner_text() for symbol in symbols)


# Mentions of an equation on the pages that are about them, by number of the page; 20 were asked for in all.
LEAST = {3: 10, 4: 10, 5: 10, 6: 5, 7: 5, 9: 5, 10: 5, 11: 5, 12: 5}
WITHOUT_THE_WORD = {
    4: "Order the proof of (2)",
    5: "Only (3) and (4) average",
    6: "Then (1), once. Then (2)",
    10: "The proof of (1)",
}


def mentioned(path: Path) -> list[str]:
    """The numbers of equations in the prose of a page, in their order: neither in code nor in a formula."""
    prose = re.sub(r"(?m)^#.*$|<summary>.*?</summary>", "", LINK.sub("x", document(path).text))
    return re.findall(r"(?<![\w′])\([1-4]\)", prose)


def test_every_mention_of_an_equation_in_the_prose_is_a_link_with_or_without_the_word(
    opened: tuple[Path, Any],
) -> None:
    path, tab = opened
    links = tab.locator("article :not(.cell_output *) > a.equation")
    assert links.all_text_contents() == mentioned(path)
    words = WITHOUT_THE_WORD.get(int(path.stem[:2]), "")
    said = tab.locator("article :is(p, li)", has_text=words).first.locator("a.equation")
    assert {*re.findall(r"\([1-4]\)", words)} <= {*said.all_text_contents()}


def test_a_number_behind_a_sign_is_its_argument_and_no_equation(tab: Any) -> None:
    pointing(tab, "notebooks/02_cost_and_gradient_descent.html")
    assert "σ′(4), which is" in tab.locator("article").text_content()
    assert tab.locator("article a.equation").count() == 0


def test_every_mention_of_an_equation_shows_it_and_leads_to_its_proof(opened: tuple[Path, Any]) -> None:
    path, tab = opened
    links = tab.locator("article a.equation")
    assert links.count() >= LEAST.get(int(path.stem[:2]), 0)
    for n in range(links.count()):
        target = Path(unquote(links.nth(n).evaluate("link => link.href").removeprefix("file://")))
        assert target.is_file() and target.is_relative_to(BOOK)
    shown = links.locator("visible=true").first
    if shown.count():
        shown.hover()
        tip, number = tab.get_by_role("tooltip"), shown.inner_text()
        assert tip.inner_text().startswith(f"Equation {number}:")
        assert tip.locator("mjx-container svg").count() == 1
        tab.mouse.move(0, 0)


def test_the_page_of_symbols_has_a_row_for_each_and_the_other_pages_are_there(tab: Any) -> None:
    pointing(tab, "symbols.html")
    symbols = tab.evaluate("() => window.BOOK.symbols.length")
    assert tab.locator("article table").first.locator("tbody tr").count() == symbols > 20
    for page, least in (("glossary", 25), ("bibliography", 10), ("errata", 1)):
        tab.goto((BOOK / f"{page}.html").as_uri())
        assert tab.locator("article :is(dt, tbody tr)").count() >= least


def test_no_link_of_the_example_address_is_in_the_book() -> None:
    for path in BOOK.rglob("*.html"):
        assert "example.org/backprop" not in path.read_text(encoding="utf-8"), path.name


# A stored picture that is pointed at


def pictured(tab: Any, page: str, words: str) -> Any:
    """The output of a page of the book that says some words, ready to be pointed at."""
    tab.goto(address(page))
    output = tab.locator(".cell_output.living", has_text=words)
    output.locator("[tabindex='0']").first.wait_for()
    return output


def lit(output: Any) -> list[str]:
    """What is lit: drawn things by their place, and text as it stands."""
    return list(
        output.evaluate(
            """output => [...output.querySelectorAll('.lit')].map(({dataset: d, textContent}) =>
                d.layer ? [d.layer, d.neuron ?? d.to, d.from].join(' ').trim()
                    : d.id ?? (d.to ? `${d.from} to ${d.to}` : textContent || `place ${d.is}`))"""
        )
    )


def test_a_stored_picture_and_its_equation_light_one_another_by_index(tab: Any) -> None:
    output = pictured(tab, "04_the_error_of_a_hidden_layer", "Step 4 of 6")
    output.locator("g[data-layer='2'][data-neuron='1']").hover()
    assert lit(output) == ["2 1", "n₂ = 3", "b² 3×1", "δ²", "Σₖ", "δ²ₖ", "0.042·0.0934", "0.0934", "delta[2]"]
    assert output.locator(".pointed").inner_text().startswith("Neuron 1 of layer 2: a = ")
    output.get_by_text("w²ₖ₀", exact=True).hover()
    assert {"2 0 0", "2 1 0", "2 2 0", "− 0.452", "w[2]"} <= {*lit(output)} and "2 0 1" not in lit(output)
    output.get_by_text("− 0.452", exact=True).focus()
    tab.mouse.move(0, 0)
    assert "2 2 0" in lit(output) and "2 1 0" not in lit(output)


@pytest.mark.parametrize(
    ("page", "words", "symbol", "drawn", "part"),
    [
        ("02_cost_and_gradient_descent", "After 100 steps", "dw.1.0.0", "place dw.1.0.0 db.1.0", "i"),
        ("09_when_learning_stalls", "8 hidden layers of sigmoid", "w.2", "place w.2", "i"),
        ("10_softmax_and_cross_entropy", "Class 0 is right", "delta.L.1", "place delta.L.1", "i"),
        ("11_from_equations_to_autodiff", "Step 3 of 6", "slope.d.a", "a to d", "g[data-from='a']"),
        ("11_from_equations_to_autodiff", "Step 3 of 6", "grad.d", "d", "g[data-id='d']"),
    ],
)
def test_a_stored_plot_and_a_stored_graph_light_their_equation_and_are_lit_by_it(
    page: str, words: str, symbol: str, drawn: str, part: str, tab: Any
) -> None:
    output = pictured(tab, page, words)
    output.locator(f"span[data-is='{symbol}']").first.hover()
    found = lit(output)
    assert drawn in found
    tab.mouse.move(0, 0)
    output.locator(f"{part}.lit").wait_for(state="detached")
    each = output.locator(f"i[data-is='{drawn.removeprefix('place ')}']" if part == "i" else part)
    each.focus()
    assert {*lit(output)} >= {*found}
    assert each.get_attribute("aria-label") == output.locator(".pointed").inner_text() != ""
    assert each.get_attribute("role") == "img"


def test_the_arrows_walk_through_a_net_and_through_an_equation_and_escape_leaves(tab: Any) -> None:
    output = pictured(tab, "04_the_error_of_a_hidden_layer", "Step 4 of 6")
    told = output.locator(".pointed")
    output.locator("svg [tabindex='0']").focus()
    for key, words in (
        ("ArrowRight", "The weight of layer 1 to neuron 0 from neuron 0: w = "),
        ("ArrowDown", "The weight of layer 1 to neuron 0 from neuron 1: w = "),
        ("ArrowRight", "Neuron 0 of layer 1: a = "),
        ("ArrowDown", "Neuron 1 of layer 1: a = "),
        ("ArrowRight", "The weight of layer 2 to neuron 0 from neuron 1: w = "),
        ("ArrowRight", "Neuron 0 of layer 2: a = "),
        ("ArrowLeft", "The weight of layer 2 to neuron 0 from neuron 0: w = "),
        ("ArrowLeft", "Neuron 0 of layer 1: a = "),
    ):
        tab.keyboard.press(key)
        assert told.inner_text().startswith(words)
    tab.keyboard.press("Tab")  # to the link of the equation's number
    tab.keyboard.press("Tab")
    assert told.inner_text() == "δ of layer 1"
    tab.keyboard.press("ArrowRight")
    assert told.inner_text() == "w of layer 2" and len(lit(output)) > 15
    tab.keyboard.press("Escape")
    tab.wait_for_function("() => !document.querySelector('.lit')")


# Whether anything can light in an output, and what it says about that.
HINTS = """all => all.map(output => [
    !!output.querySelector('[data-is]'),
    getComputedStyle(output.querySelector('.pointed'), '::before').content,
])"""


def test_every_drawn_net_of_a_page_can_be_pointed_at_by_mouse_and_by_keys(opened: tuple[Path, Any]) -> None:
    path, tab = opened
    stored = path.read_text(encoding="utf-8").count("data-layer=%220%22 data-neuron=%220%22")
    assert tab.locator(".cell_output img[src*='data-layer=']").count() == 0
    nets = tab.locator(".cell_output svg:has([data-layer])")
    assert nets.count() == stored
    for i in range(stored):
        net = nets.nth(i)
        assert len((net.get_attribute("aria-label") or "").split()) >= 5
        neurons = net.locator("[data-neuron]")
        assert neurons.count() == net.locator("[data-neuron][role=img][aria-label^='Neuron ']").count() > 0
        assert net.locator("[tabindex='0']").count() == 1
        assert net.get_attribute("role") == "group"
    for has_symbols, hint in tab.locator(".cell_output.living").evaluate_all(HINTS):
        assert has_symbols == ("lights" in hint) and len(hint) > 40, hint


# The rules of accessibility, as axe-core knows them

LOOKS = pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", PHONE)], ids=["light", "dark"])
LOOKED_AT = ["index", "symbols", "glossary", "bibliography", "errata", "search", "docs/questions"]
LOOKED_AT += ["backprop_lib/equations"]


def look(tab: Any, scheme: str, size: dict[str, int]) -> None:
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size(size)


@LOOKS
def test_axe_finds_nothing_serious_on_a_page_of_the_course(
    scheme: str, size: dict[str, int], opened: tuple[Path, Any]
) -> None:
    look(opened[1], scheme, size)
    assert serious(opened[1]) == []


@LOOKS
@pytest.mark.parametrize("page", LOOKED_AT)
def test_axe_finds_nothing_serious_on_another_page_of_the_book(
    page: str, scheme: str, size: dict[str, int], tab: Any
) -> None:
    look(tab, scheme, size)
    tab.goto((BOOK / f"{page}.html").as_uri())
    tab.evaluate("() => window.MathJax?.startup?.promise")
    assert serious(tab) == []


def test_a_caption_without_a_level_and_a_pale_word_are_found_by_axe(tab: Any) -> None:
    tab.goto((BOOK / "errata.html").as_uri())
    tab.evaluate(
        "() => document.querySelector('article').insertAdjacentHTML('beforeend',"
        " '<p role=heading>x</p><p style=\"color: #999; background: #fff\">pale</p>')"
    )
    assert {finding.partition(":")[0] for finding in serious(tab)} == {"aria-required-attr", "color-contrast"}


# A page on paper, and for readers whom motion makes dizzy

PRINTED = """() => {
    const all = selector => [...document.querySelectorAll(selector)];
    const isSeen = each => each.checkVisibility() && each.getBoundingClientRect().height > 0;
    return {
        chrome: all('.skip-to-content, .headerlink, .run, .also, .copybtn').filter(isSeen).length,
        closed: all('summary').filter(each => getComputedStyle(each).listStyleType !== 'none').length,
        asked: all('.sealed, .hide > summary').filter(isSeen).length,
        folded: all(':is(details:not(.hide), .tag_solution > details) > :not(summary)')
            .filter(each => !isSeen(each)).length,
        telling: all('.cell:not(.tag_solution) > details.hide').filter(isSeen).length,
        cut: all('pre').filter(each => each.scrollWidth > each.clientWidth + 1).length,
        alone: all('h1, h2, h3, h4').filter(each => getComputedStyle(each).breakAfter !== 'avoid').length,
    };
}"""
PAPER = {"width": 680, "height": 1000}


def test_a_printed_page_has_its_folds_open_its_code_wrapped_and_nothing_that_is_pressed(tab: Any) -> None:
    tab.set_viewport_size(PAPER)
    tab.goto(address("04_the_error_of_a_hidden_layer"))
    on_screen = tab.evaluate(PRINTED)
    assert min(on_screen.values()) > 0, "what is looked for is on the screen"
    tab.emulate_media(media="print")
    assert set(tab.evaluate(PRINTED).values()) == {0}


def test_nothing_of_the_book_moves_for_a_reader_who_asks_for_less_motion(tab: Any) -> None:
    moving = """() => [...document.querySelectorAll('*')].filter(each => {
        const {scrollBehavior, transitionDuration, animationName} = getComputedStyle(each);
        return scrollBehavior !== 'auto' || animationName !== 'none' || parseFloat(transitionDuration) > 0;
    }).length"""
    tab.goto(address(PAGES[1].stem))
    assert tab.evaluate(moving) > 0
    tab.emulate_media(reduced_motion="reduce")
    assert tab.evaluate(moving) == 0
