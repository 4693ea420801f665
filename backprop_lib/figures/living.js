// What is pointed at lights wherever it stands: in the net, in the equation, among the numbers and in the code.
//
// A name says what a thing is, by index: "delta.1.0" is the error of neuron 0 of layer 1, "delta.1" the errors of all
// of layer 1, "w.2.*.0" every weight of layer 2 that comes from neuron 0, "dw.2.1.0.forward" the forward difference
// for one derivative. Two things belong together if one has a name that begins as a name of the other does. An
// element says its names in data-is; a neuron and a weight of a drawn net say where they are in data-layer,
// data-neuron, data-to and data-from; a node of an expression graph is its data-id, and a connection leads from one to
// another: "slope.d.a" is ∂d/∂a.
//
// A drawn button says in data-control which control it moves, and in data-by how far.
//
// In a notebook, anywidget calls `render`, and what is clicked may be chosen; in the book, `still` does the same to a
// stored output.
const PARTS = "[data-is], [data-layer], [data-id], g[data-to]";
const HINT = "Point at a symbol or at a part of the picture: it lights wherever it stands. By keyboard: Tab, then the arrows.";
const ALONE = "Point at a neuron or a weight: here stands what it is. By keyboard: Tab, then the arrows.";
const AXIS = "Drag ◂▸ to the right or left.", WEIGHT = "Drag ◂▸ or a weight to the right or left.";
const LIGHTS = " What is pointed at lights; Tab and the arrows point, too.";
const STYLE = `
  .living .lit:not(g, line, i, text) { background: #FFE27A; color: #222222; border-radius: 3px;
    box-shadow: 0 0 0 1px #FFE27A, 0 3px #222222; }
  .living i.lit { forced-color-adjust: none; border-radius: 3px; box-shadow: inset 0 0 0 3px #FFE27A, 0 0 0 2px #222222; }
  .living g.lit:not([data-means]) > :is(circle, rect) { fill: #FFE27A; stroke-width: 4; }
  .living g.lit[data-means] > image + rect { stroke: #222222; stroke-width: 5; } /* a map stays what it says */
  .living g.lit > path { stroke: #222222; stroke-width: 4; }
  .living line.lit { stroke-width: 6; }
  .living text.lit { fill: #222222; stroke: #FFE27A; stroke-width: 7; stroke-linejoin: round; paint-order: stroke; }
  .living g:has(> line.lit) { opacity: 1; }
  .living g:has(> line.lit)[opacity="0.3"] > line:not(.lit) { opacity: 0.3; }
  .living :is(${PARTS}) { cursor: pointer; }
  .living [data-is]:focus-visible { outline: 2px solid; }
  .living svg :is(${PARTS}):focus { outline: none; }
  .living [data-by]:not([aria-disabled="true"]) { cursor: pointer; }
  .living [data-by]:focus { outline: none; }
  @media (max-width: 600px) { /* a drawing is smaller there, a finger is not */
    .living [data-by] { transform-box: fill-box; transform: scale(var(--grow)); transform-origin: right top; }
    .living [data-by="1"] { transform-origin: left top; }
  }
  .living [data-by]:focus-visible rect { stroke: #222222; stroke-width: 3; }
  .living g:focus-visible:not([data-means]) > :is(circle, rect), .living g:focus-visible > image + rect {
    stroke: #222222; stroke-dasharray: 6 3; }
  .living .pointed { display: block; min-height: 1.45em; margin: 2px 0; font-size: 14px; line-height: 1.45; }
  .living .pointed:empty::before { content: "${HINT}" attr(data-more); }
  .living:not(:has([data-is])) .pointed:empty::before { content: "${ALONE}" attr(data-more); } /* nothing else lights */
  .scene:has(i[data-slides]) .pointed:empty::before { content: "${AXIS}${LIGHTS}" attr(data-more); }
  .scene:has(div[data-slides]) .pointed:empty::before { content: "${WEIGHT}${LIGHTS}" attr(data-more); }
  .scene [data-slides] { user-select: none; -webkit-user-select: none; }
  .scene i[data-slides] { cursor: ew-resize; touch-action: pan-y; }
  .scene i[data-slides]::before { content: ""; position: absolute; inset: -10px 0 -20px; } /* a line is high enough for a finger */
  .scene i[data-slides]::after { content: "◂▸"; position: absolute; left: var(--at); top: 100%; translate: -50% 2px;
    padding: 0 3px; border: 1px solid; border-radius: 7px; background: #FFFFFF; color: #222222;
    font: 11px/14px system-ui, sans-serif; letter-spacing: 2px; text-indent: 2px; }
  @media (max-width: 600px) { /* so it hides nothing: there is less room between a line and its numbers */
    .scene i[data-slides]::after { font-size: 8px; line-height: 8px; translate: -50% 1px; }
  }
  @media (forced-colors: active) { .living .lit:not(g, line, i, text) { outline: 2px solid Highlight; } }
  @media print { .living .pointed { display: none; } }`;
// A choosable kind as CSS: the inputs of a net are nothing that anybody chooses.
const CHOOSABLE = { "": ":not(*)", neurons: "g:not([data-layer='0'])", weights: "line" };
const BUTTON = "[data-by]";
const KINDS = { delta: "δ", prime: "σ′(z)", dw: "∂C/∂w", db: "∂C/∂b", norm: "‖δ‖ / ‖δᴸ‖", jacobian: "Jᵀ∇C", promise: "δ · Δz" };

function namesOf({ dataset: { is, id, layer, neuron, to, from } }) {
  if (is) return is.split(" ");
  if (id) return [id, `grad.${id}`];
  if (layer === undefined) return [`slope.${to}.${from}`];
  if (neuron === undefined) return ["w", "dw"].map((kind) => `${kind}.${layer}.${to}.${from}`);
  const kinds = layer === "0" ? ["a", "n"] : ["a", "z", "delta", "b", "db", "prime", "y", "n"];
  return kinds.map((kind) => `${kind}.${layer}.${neuron}`);
}

// What has the focus, by name, whichever picture it stands in.
const keyOf = (each) => each && (each.dataset.by ? `${each.dataset.control} ${each.dataset.by}` : namesOf(each).join());

function alike(one, other) {
  const [long, short] = [one.split("."), other.split(".")].sort((a, b) => b.length - a.length);
  return short.every((part, i) => part === long[i] || part === "*" || long[i] === "*");
}

function inWords(name) {
  const [, start, difference] = name.match(/^(.*?)(?:\.\*)*(?:\.(forward|central))$/) ?? [];
  if (difference) return `${inWords(start)}, ${difference} difference`;
  const [kind, layer, j, k] = name.split(".");
  if (kind === "slope") return `∂${layer}/∂${j}`;
  if (kind === "grad") return `grad of ${layer}`;
  if (layer === undefined) return KINDS[kind] ?? kind;
  const neuron = (n) => (n === "*" ? "every neuron" : `neuron ${n}`);
  const where = j === undefined ? "" : k === undefined ? `${neuron(j)} of ` : "";
  const ends = k === undefined ? "" : `, to ${neuron(j)} from ${neuron(k)}`;
  return `${KINDS[kind] ?? kind} of ${where}layer ${layer}${ends}`;
}

// What a part is and its number, as it is told when the part is pointed at.
function told(part) {
  const { layer, neuron, a, delta, to, from, value } = part.dataset, title = part.querySelector("title");
  if (neuron && title) return title.textContent;
  const rounded = (text) => {
    const value = +(+text).toPrecision(3), size = Math.abs(value), far = value && (size < 1e-3 || size >= 1e6);
    return (far ? value.toExponential() : String(value)).replace("+", "").replace(/-/g, "−");
  };
  if (layer && neuron) {
    const numbers = [a && `a = ${rounded(a)}`, delta && `δ = ${rounded(delta)}`].filter(Boolean).join(", ");
    return `Neuron ${neuron} of layer ${layer}${numbers && `: ${numbers}`}`;
  }
  if (layer) return `The weight of layer ${layer} to neuron ${to} from neuron ${from}${value ? `: w = ${rounded(value)}` : ""}`;
  if (part.matches("text")) return part.textContent;
  const names = namesOf(part), texts = [...part.querySelectorAll("text")].map((line) => line.textContent);
  if (texts.length) return texts.join(", ");
  const isNumber = (text) => /^[−\d.e]+$/.test(text), written = (each) => each.textContent.replace(/[ ()]/g, "");
  // What has no text, such as a place in a picture, is told with the number that is written elsewhere.
  const same = part.textContent ? [part] : [...part.closest(".living").querySelectorAll("span[data-is]")]
    .filter((each) => namesOf(each)[0] === names[0]);
  const text = same.map(written).find(isNumber);
  return text ? `${inWords(names[0])}: ${text}` : names.map(inWords).join(" and ");
}

// Neuron, weights, neuron, …: ← and → walk along the net, ↑ and ↓ along a layer; elsewhere to the next symbol.
const placeOf = ({ dataset: d }) => [d.layer, d.neuron ?? d.to, d.from].filter(Boolean).join(".");

function step(parts, at, key) {
  const { layer, neuron, to, from } = at.dataset, on = key === "ArrowRight" ? 1 : -1;
  const where = (wanted) => parts.find(({ dataset }) => Object.entries(wanted).every(([name, value]) => dataset[name] === String(value)));
  if (layer) parts.sort((one, other) => placeOf(one).localeCompare(placeOf(other), "en", { numeric: true }));
  const column = layer ? parts.filter(({ dataset: d }) => d.layer === layer && !d.neuron === !neuron) : parts;
  const sideways = key === "ArrowRight" || key === "ArrowLeft";
  if (!layer || !sideways) return column[column.indexOf(at) + (key === "ArrowDown" || key === "ArrowRight" ? 1 : -1)];
  if (neuron === undefined) return on > 0 ? where({ layer, neuron: to }) : where({ layer: layer - 1, neuron: from });
  return on > 0 ? where({ layer: +layer + 1, from: neuron }) : where({ layer, to: neuron });
}

// The part under the pointer, or the weight that is nearest to it: a thin line is hard to hit.
function partAt({ target, clientX, clientY }) {
  const part = target.closest("g[data-id], [data-is], g[data-layer], g[data-to]"), net = target.closest("svg");
  const near = (x, y) => document.elementsFromPoint(clientX + x, clientY + y);
  if (part) return part;
  if (!net) return near(0, 0).find((each) => each.matches("i[data-is]"));
  const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(net.getScreenCTM().inverse());
  let nearest = null, least = 8;
  for (const line of net.querySelectorAll("line[data-layer]")) {
    const [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map((name) => line[name].baseVal.value);
    const along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2);
    const share = Math.min(1, Math.max(0, along));
    const far = Math.hypot(x1 + share * (x2 - x1) - x, y1 + share * (y2 - y1) - y);
    if (far < least) [nearest, least] = [line, far];
  }
  const around = [-5, 5].flatMap((far) => [...near(far, 0), ...near(0, far)]);
  return nearest ?? around.map((each) => each.closest("g[data-to]")).find(Boolean);
}

// The slider that is moved at a place, if there is one that can be moved.
const sliderOf = (scene, place) => place && [...scene.querySelectorAll(".widget-slider")]
  .find((each) => each.querySelector(".widget-label")?.textContent === place.dataset.slides)
  ?.querySelector(".noUi-target:not([disabled])")?.noUiSlider;
const isChosen = (part) => part?.getAttribute("aria-pressed") === "true";

// What is taken at a place sets a slider as it moves: along an axis of the picture, to the value at the pointer; a
// weight, by a 300th of the slider's length for each pixel to the right. Which slider is said by the words beside it.
// Returns what does it, given where the pointer is then; nothing if nothing can be slid there.
function taken(scene, event) {
  const place = event.target.closest("[data-slides]"), from = event.clientX, slider = sliderOf(scene, place);
  if (!slider) return null;
  if (place.dataset.low) {
    const { left, width } = place.getBoundingClientRect(), low = +place.dataset.low, high = +place.dataset.high;
    return { from, slide: (x) => slider.set(low + ((x - left) / width) * (high - low)) };
  }
  const weight = partAt(event), { min, max } = slider.options.range, start = isChosen(weight) ? +slider.get() : 0;
  // A finger that does not touch the chosen weight moves the page.
  if (!weight?.matches("line") || (event.pointerType === "touch" && !isChosen(weight))) return null;
  return { weight, from, slide: (x) => slider.set(start + ((x - from) / 300) * (max - min)) };
}

// `choice`, if there is one, says which parts can be chosen, which one is, and does it; what is returned shows which.
function enliven(root, choice) {
  let held = null; // the names of what has the focus, so that the next picture gives it back
  let lit = null;
  const parts = (within = root) => [...within.querySelectorAll(PARTS)];
  const say = (text) => {
    const line = root.querySelector(".pointed"); // it comes anew with every picture
    if (line && line.textContent !== text) line.textContent = text;
  };

  function show() {
    const names = lit ? namesOf(lit) : [];
    for (const each of parts()) {
      const lit = namesOf(each).some((one) => names.some((other) => alike(one, other)));
      if (each.classList.contains("lit") !== lit) each.classList.toggle("lit", lit);
    }
  }

  function light(part) {
    if (part === lit) return;
    lit = part;
    show();
    say(part ? told(part) : "");
  }

  function press() {
    for (const part of root.querySelectorAll(`svg :is(${PARTS}), i[data-is]`)) {
      const isButton = choice?.takes(part);
      part.setAttribute("role", isButton ? "button" : "img");
      if (isButton) part.setAttribute("aria-pressed", placeOf(part) === choice.now());
      else part.removeAttribute("aria-pressed");
    }
  }

  // Each net, each equation and each piece of code is one stop of Tab; the arrows move inside of it.
  function prepare() {
    for (const part of parts()) {
      if (part.hasAttribute("tabindex")) continue;
      const net = part.closest("svg"), group = net ?? part.closest("[data-line]");
      part.setAttribute("tabindex", part.matches("line") || group.querySelector(`[tabindex='0']:not(${BUTTON})`) ? -1 : 0);
      group.setAttribute("data-lm-suppress-shortcuts", "true"); // else JupyterLab takes the arrows
      net?.setAttribute("role", "group");
      if (net || part.matches("i")) part.setAttribute("aria-label", told(part));
    }
    press();
    if (held && document.activeElement === document.body) {
      [...parts(), ...root.querySelectorAll(BUTTON)].find((each) => keyOf(each) === held)?.focus({ preventScroll: true });
    }
    if (lit && !lit.isConnected) lit = parts().find((each) => keyOf(each) === keyOf(lit)) ?? null; // with its new number
    show();
    say(lit ? told(lit) : "");
  }

  const focused = () => (root.contains(document.activeElement) ? document.activeElement.closest(PARTS) : null);
  let hand = null, slid = false; // what is taken, and whether it has been moved: then the click is none
  root.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    [hand, slid] = [taken(root, event), false];
  });
  root.addEventListener("pointermove", (event) => {
    if (!hand || !event.isPrimary || !event.buttons) return light(partAt(event) ?? focused());
    if (!slid) {
      if (Math.abs(event.clientX - hand.from) < 4) return;
      slid = true;
      root.setPointerCapture(event.pointerId);
      hand.weight?.focus({ preventScroll: true });
      choose(hand.weight);
    }
    hand.slide(event.clientX);
  });
  for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, () => { hand = null; });
  root.addEventListener("touchstart", (event) => {
    if (!hand?.weight) return;
    event.preventDefault(); // the page stays; the click that would give it the focus is prevented, too
    hand.weight.focus({ preventScroll: true });
  }, { passive: false });
  root.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && light(focused()));
  const move = ({ dataset, ariaDisabled }) => ariaDisabled !== "true" && choice.move({ control: dataset.control, by: +dataset.by });
  const choose = (part) => {
    if (!part?.matches("[role=button]")) return;
    const other = part.matches("line") && !isChosen(part);
    choice.choose(placeOf(part));
    if (other) sliderOf(root, part.closest("[data-slides]"))?.set(0); // another weight is where it was
  };
  root.addEventListener("click", (event) => {
    if (slid) return;
    const button = event.target.closest(BUTTON);
    if (button) return move(button);
    const axis = taken(root, event);
    if (axis && !axis.weight) axis.slide(event.clientX);
    partAt(event)?.focus({ preventScroll: true });
    choose(partAt(event));
  });
  root.addEventListener("focusin", ({ target }) => {
    const part = target.closest(PARTS);
    held = keyOf(part ?? target.closest(BUTTON));
    if (!part) return;
    for (const other of parts(part.closest("svg, [data-line]"))) other.setAttribute("tabindex", other === part ? 0 : -1);
    light(part);
  });
  root.addEventListener("focusout", ({ target }) => setTimeout(() => {
    if (target.isConnected && !focused()) { held = keyOf(document.activeElement.closest(BUTTON)); light(null); }
  }));
  root.addEventListener("keydown", (event) => {
    const part = event.target.closest(PARTS), button = event.target.closest(BUTTON);
    if (button && /^(Enter| )$/.test(event.key)) {
      move(button);
      event.preventDefault();
    }
    if (!part) return;
    if (event.key === "Escape") return part.blur();
    if (!/^(Arrow.*|Enter| )$/.test(event.key)) return;
    if (!event.key.startsWith("Arrow")) choose(part);
    else step(parts(part.closest("svg, [data-line]")), part, event.key)?.focus({ preventScroll: true });
    event.preventDefault();
  });
  new MutationObserver((records) => records.some(({ target }) => target.className !== "pointed") && prepare())
    .observe(root, { childList: true, subtree: true });
  if (!document.getElementById("living")) {
    document.head.append(Object.assign(document.createElement("style"), { id: "living", textContent: STYLE }));
  }
  root.classList.add("living");
  prepare();
  return press;
}

// A stored output: its drawn nets and graphs, which are images, become drawings that can be pointed at.
export function still(output) {
  const nets = [...output.querySelectorAll("img[src^='data:image/svg+xml']")]
    .map((image) => [image, decodeURIComponent(image.src.slice(image.src.indexOf(",") + 1))])
    .filter(([, text]) => /data-(layer|id)=/.test(text));
  if (!output.querySelector("[data-line]") && !nets.some(([, text]) => text.includes("data-layer="))) return;
  for (const [image, text] of nets) {
    const net = document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);
    net.setAttribute("style", image.getAttribute("style"));
    image.replaceWith(net);
  }
  const status = Object.assign(document.createElement("output"), { className: "pointed" });
  const sentence = output.querySelector("p[role=status]");
  if (sentence) sentence.before(status);
  else output.append(status);
  enliven(output);
}

function render({ model, el }) {
  const choice = {
    takes: (part) => model.get("choosable").split(", ").some((kind) => part.matches(CHOOSABLE[kind])),
    now: () => model.get("chosen"),
    move: (pressed) => model.send(pressed),
    choose: (place) => { model.set("chosen", place); model.save_changes(); },
  };
  const start = () => {
    const scene = el.closest(".scene");
    if (!scene) return requestAnimationFrame(start);
    model.on("change:chosen change:choosable", enliven(scene, choice));
  };
  start();
}

export default { render };
