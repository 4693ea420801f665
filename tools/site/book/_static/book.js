// What a reader points at is explained: a symbol in a formula or in the text, and a mention of an equation. The
// table is in symbols.js, made from symbols.toml. By keyboard: a formula that has the focus explains all its
// symbols, the first symbol of a piece of text those of that piece, and Escape closes.
(() => {
  "use strict";
  const { symbols, equations } = window.BOOK;
  const here = location.pathname.split("/").pop().replace(/[.]html$/, "");
  const said = symbols.filter(({ only, not_on, page }) =>
    page === here || here === "symbols" || !(only || not_on.includes(here)));
  const byLetter = new Map(said.map((symbol) => [symbol.letter, symbol]));
  const root = new URL("..", document.currentScript.src);
  const tip = document.createElement("div");
  tip.id = "explained";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;

  const formula = (tex) => {
    const drawn = MathJax.tex2svg(tex, { display: false });
    drawn.removeAttribute("tabindex");
    return drawn;
  };

  function line(parts) {
    const row = document.createElement("p");
    row.append(...parts);
    return row;
  }

  const explained = ({ tex, meaning, shape }) =>
    line([formula(tex), `: ${meaning}`, ...(shape ? ["; shape ", formula(shape)] : []), "."]);

  function show(rows, at) {
    tip.replaceChildren(...rows);
    tip.hidden = false;
    const box = at.getBoundingClientRect();
    const left = Math.min(Math.max(8, box.left), innerWidth - tip.offsetWidth - 8);
    const above = box.top - tip.offsetHeight - 8;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 0 ? above : box.bottom + 8}px`;
    at.setAttribute("aria-describedby", "explained");
  }

  function hide() {
    if (tip.hidden) return;
    tip.hidden = true;
    document.querySelector("[aria-describedby=explained]")?.removeAttribute("aria-describedby");
  }

  // The letter that a part of a formula draws, as it is typed: 𝛿 is δ.
  const drawn = (node) => {
    const glyphs = node?.querySelectorAll(":scope > use") ?? [];
    const code = glyphs.length === 1 && glyphs[0].getAttribute("data-c");
    return code ? String.fromCodePoint(parseInt(code, 16)).normalize("NFKC") : "";
  };
  const kind = (node) => node?.getAttribute?.("data-mml-node");

  // Mark every symbol of a formula with its letter: with its indices, and with the prime that is part of it.
  function mark(svg) {
    for (const sign of svg.querySelectorAll("[data-mml-node=mi], [data-mml-node=mo]")) {
      let letter = drawn(sign), part = sign;
      if (!byLetter.has(letter)) continue;
      let parent = sign.parentNode;
      while (kind(parent) === "TeXAtom" && parent.children.length === 1) [part, parent] = [parent, parent.parentNode];
      const scripts = ["msub", "msup", "msubsup"].includes(kind(parent));
      const first = scripts && parent.firstElementChild === part;
      if (letter === "T" && !(kind(parent) === "msup" && !first)) continue;
      if (first) {
        const prime = [...parent.querySelectorAll(":scope > [data-mml-node=mo], :scope > [data-mml-node=TeXAtom] > [data-mml-node=mo]")];
        if (prime.some((mo) => "′'".includes(drawn(mo) || "?"))) letter += "′";
        part = parent;
      }
      if (byLetter.has(letter)) part.dataset.symbol = letter;
    }
  }

  // Where the browser does not know `pointer-events: bounding-box`, a symbol gets a ground that can be hit: between
  // its strokes, too, and behind the symbols inside it. Only once a reader points at the formula: one that is
  // folded has no size yet.
  const isHitInItsBox = CSS.supports("pointer-events", "bounding-box");
  function ground(formula) {
    formula.dataset.grounded = "";
    for (const part of formula.querySelectorAll("[data-symbol]")) {
      const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const { x, y, width, height } = part.getBBox();
      const look = { x, y, width, height, fill: "none", stroke: "none", "pointer-events": "all" };
      for (const [name, value] of Object.entries(look)) rect.setAttribute(name, value);
      part.prepend(rect);
    }
  }

  // The pieces of text that lie in none of these, for what is found in them to be put in their place.
  function texts(article, outside) {
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) {
      if (!walker.currentNode.parentElement.closest(outside)) found.push(walker.currentNode);
    }
    return found;
  }

  // A symbol as it is typed: a sign, or a letter that is no part of a word, and its indices. A lone "a" is an article
  // and a lone capital a label, unless they are part of a formula or, the capital, in what a cell shows.
  const INDICES = "[⁰¹²³⁴-⁹⁺⁻ˡᴸ₀-₉₊₋ₐ-ₜⱼ]*";
  const TYPED = new RegExp(`ᵀ|(σ′|[σδηθΔ∂∇⊙]|(?<![A-Za-z'’_-]\\d*)[A-Za-z](?=${INDICES}(?![A-Za-z\\d_-])))${INDICES}`, "gu");

  function isSymbol(text, { 0: typed, index }) {
    if (!/^[aA-Z]$/.test(typed)) return true;
    const before = text.data.slice(0, index), after = text.data.slice(index + 1);
    if (/[∂∇Δ·+−=/]\s?$/.test(before) || /^(?:\(|\s?[=·+−/⊙<>≈])/.test(after)) return true;
    if (typed === "a") return /^(?:[).:,;?]|$| (?:is|of|at|times|differs)\b)/.test(after);
    return Boolean(text.parentElement.closest(".cell_output"));
  }

  // Mark every symbol of the text with its letter; how many there are.
  function markTyped(article) {
    for (const text of texts(article, "pre, code, svg, .math, mjx-container, script, style, [role=img], [data-is]")) {
      const parts = [], around = text.parentElement;
      const reached = around.closest("a, summary, button") || around.querySelector(":scope > [data-symbol]");
      let done = 0;
      for (const match of text.data.matchAll(TYPED)) {
        const letter = match[1] ?? "T";
        if (!byLetter.has(letter) || !isSymbol(text, match)) continue;
        const part = Object.assign(document.createElement("span"), { textContent: match[0] });
        part.dataset.symbol = letter;
        if (!parts.length && !reached) part.tabIndex = 0;
        parts.push(text.data.slice(done, match.index), part);
        done = match.index + match[0].length;
      }
      if (done) text.replaceWith(...parts, text.data.slice(done));
    }
    return article.querySelectorAll("span[data-symbol]").length;
  }

  // What stands before a text without a space: the σ′ of "σ′(4)" may be a formula.
  const before = (text, index) => (index ? text.data.slice(0, index) : text.previousSibling?.textContent ?? "");

  // "(2)" in the text becomes a link to the page that proves equation (2), or in the book that is one file to the
  // equation itself. What stands in such brackets right behind a sign is its argument.
  function link(article) {
    for (const text of texts(article, "a, pre, code, h1, h2, h3, svg, mjx-container, summary, script, style")) {
      const parts = [];
      let done = 0;
      for (const match of text.data.matchAll(/\((\d)\)/g)) {
        const equation = equations.find(({ number }) => match[1] === String(number));
        if (!equation || /[^\s(“]$/.test(before(text, match.index))) continue;
        const anchor = Object.assign(document.createElement("a"), { className: "equation", textContent: match[0] });
        const inside = `#equation-${equation.number}`;
        anchor.href = document.querySelector(inside) ? inside : new URL(`notebooks/${equation.page}.html`, root);
        anchor.dataset.equation = equation.number;
        parts.push(text.data.slice(done, match.index), anchor);
        done = match.index + match[0].length;
      }
      if (done) text.replaceWith(...parts, text.data.slice(done));
    }
  }

  const equationOf = (element) => {
    const equation = equations.find(({ number }) => String(number) === element.dataset.equation);
    return [line([`Equation (${equation.number}): ${equation.meaning}`]), line([formula(equation.tex)])];
  };

  function point({ target, clientX, clientY }) {
    const formula = isHitInItsBox ? null : target.closest?.("mjx-container:not([data-grounded])");
    if (formula) {
      ground(formula);
      target = document.elementFromPoint(clientX, clientY) ?? target;
    }
    const element = target.closest?.("[data-symbol], a.equation");
    if (element?.dataset.symbol) show([explained(byLetter.get(element.dataset.symbol))], element);
    else if (element) show(equationOf(element), element);
    else if (!target.closest?.("#explained")) hide();
  }

  function focus({ target }) {
    if (target.matches?.("a.equation")) return show(equationOf(target), target);
    const parts = target.matches?.("span[data-symbol]")
      ? target.parentElement.querySelectorAll(":scope > span[data-symbol]")
      : target.closest?.("mjx-container, a, summary")?.querySelectorAll("[data-symbol]");
    const letters = new Set([...(parts ?? [])].map((part) => part.dataset.symbol));
    if (letters.size) show([...letters].map((letter) => explained(byLetter.get(letter))), target);
    else hide();
  }

  addEventListener("DOMContentLoaded", async () => {
    if (location.protocol === "file:") {  // from which a browser downloads nothing by a click
      for (const link of document.querySelectorAll(".also a[download]"))
        link.textContent = "This page as a notebook (.ipynb): save the link, by a right click or a long press";
    }
    document.body.append(tip);
    const article = document.querySelector("article[role=main]");
    if (article) link(article);
    const typed = article && markTyped(article);
    // A page without a formula and without a symbol does not load what draws them.
    if (!document.querySelector(".math")) {
      if (!typed) return;
      const src = new URL("_static/tex-svg.js", root);
      document.head.append(Object.assign(document.createElement("script"), { src }));
    }
    while (!window.MathJax?.startup?.promise) await new Promise((done) => setTimeout(done, 50));
    await MathJax.startup.promise;
    document.querySelectorAll("mjx-container > svg").forEach(mark);
    document.addEventListener("mouseover", point);
    document.addEventListener("focusin", focus);
    document.addEventListener("keydown", ({ key }) => { if (key === "Escape") hide(); });
    document.documentElement.dataset.explained = "ready";
  });
})();
