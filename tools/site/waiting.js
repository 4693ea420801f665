// What a reader sees while a live page loads: its text at once, what is loading, and how much of how much; then
// which cell runs. Written into the page itself: on a slow line one more file is one more wait.
window.waiting = (() => {
  "use strict";
  const SETTINGS = {{settings}};
  const KERNEL = {{kernel}};
  const path = new URLSearchParams(location.search).get("path") || "";
  const name = path.split("/").pop();
  const page = SETTINGS.pages[name] || SETTINGS.any;
  const root = new URL("..", location.href.split(/[?#]/)[0]);
  const total = page.megabytes + SETTINGS.application;
  const part = (id) => document.getElementById(`waiting-${id}`);
  const tab = Math.random().toString(36).slice(2);
  const later = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const loaded = { application: new Map(), python: new Map() }, underWay = new Set();
  // The cells that Python was asked to run since it began, by message, and those that it has run: the number beside a
  // cell outlives the Python that gave it.
  const asked = new Map(), ran = new Set();
  let told = 0;  // of how many cells that have run the bar knew last: one that runs quickly is never seen to run
  let denied = false, phase = "", interrupted = false, first = null, stood = 0, textShown;
  const text = new Promise((done) => { textShown = done; });

  // A private window may refuse to keep anything, and some programs stop at the mere question.
  function replaceIfDenied(kind) {
    try {
      window[kind].setItem("waiting", "1");
      window[kind].removeItem("waiting");
    } catch {
      denied = true;
      const items = new Map();
      const memory = {
        getItem: (key) => items.get(String(key)) ?? null,
        setItem: (key, value) => void items.set(String(key), String(value)),
        removeItem: (key) => void items.delete(String(key)),
        clear: () => items.clear(),
        key: (index) => [...items.keys()][index] ?? null,
        get length() { return items.size; },
      };
      Object.defineProperty(window, kind, { configurable: true, value: memory });
    }
  }

  // A database that neither opens nor says why within some seconds keeps nothing, either.
  function databaseOpens() {
    return Promise.race([later(3000).then(() => false), new Promise((done) => {
      try {
        const asked = indexedDB.open("waiting");
        asked.onerror = () => done(false);
        asked.onsuccess = () => {
          asked.result.close();
          indexedDB.deleteDatabase("waiting");
          done(true);
        };
      } catch {
        done(false);
      }
    })]);
  }

  function say(what, words) {
    if (part(what).textContent !== words) part(what).textContent = words;
  }

  function count() {
    if (phase !== "frame" && phase !== "python") return;
    const sum = (files) => [...files.values()].reduce((a, b) => a + b, 0) / 1e6;
    const done = Math.min(total, sum(loaded.application) + sum(loaded.python));
    say("count", `${done.toFixed(1)} of about ${total.toFixed(0)} MB.`);
    part("progress").value = done / total;
    const [file] = underWay;  // several come at once: the one that began first is named until it is there
    if (phase === "python" && file) {
      say("doing", `Python is loading (${file.replace(/-\d.*|[.].*/, "").replace(/[-_]/g, " ")}):`);
    }
  }

  // Before the first cell. What did not come first is named, and stays named.
  function lost(address) {
    if (phase === "frame" || phase === "python") enter("lost", String(address).split(/[?#]/)[0].split("/").pop());
  }

  function enter(next, file) {
    if (phase === "lost") return;
    phase = next;
    const words = {
      frame: "The frame of the live page is loading:",
      python: "Python is loading:",
      ready: "Python is ready: choose Run → Run All Cells, or press",
      lost: `The file ${file} did not come, so this page cannot run. Reload the page; if it stops again, read it in the book.`,
      failed: "Python did not load. Reload the page; if it stops again, read it in the book.",
      nowhere: `There is no page ${path && `“${path}” `}here.`,
    };
    if (words[next]) say("doing", words[next]);
    if (["ready", "lost", "failed", "nowhere"].includes(next)) {
      say("count", "");
      part("progress").hidden = true;
    }
    if (["lost", "nowhere"].includes(next)) {
      part("kept").hidden = true;
      part("run").hidden = true;
    }
    if (next === "nowhere") {
      part("text").hidden = true;
      part("front").hidden = false;
    }
    count();
  }

  // The heading that an address names, as the book does, or in its words: JupyterLab and others keep different ones of
  // its signs and capitals.
  const HEADINGS = ":is(h1, h2, h3, h4)";
  const words = (heading) => heading?.textContent.replace(/[#¶]\s*$/, "").trim();
  const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
  const fragment = () => {
    try {
      return decodeURIComponent(location.hash.slice(1));
    } catch {
      return "";
    }
  };
  const headingOf = (part, name) => part.querySelector(`[id="${CSS.escape(name)}"] ${HEADINGS}`)
    ?? [...part.querySelectorAll(HEADINGS)].find((heading) => plain(words(heading)) === plain(name));

  // The text begins at the heading that the address names, if there is one.
  function textIsThere() {
    try {
      const inside = part("text").contentDocument;
      const heading = headingOf(inside, fragment());
      heading?.scrollIntoView();
      first = heading ?? inside.documentElement;
      stood = first.getBoundingClientRect().top;
    } catch {}
    textShown();
  }

  async function arrive(name) {
    const { content } = window.jupyterapp.shell.currentWidget;
    let heading = null;
    for (let wait = 0; name && wait < 100 && !(heading = headingOf(content.node, name)); wait++) await later(100);
    if (!heading) return;
    content.activeCellIndex = content.widgets.findIndex((cell) => cell.node.contains(heading));
    heading.scrollIntoView();
  }

  // The live page takes the place of the text, unless the reader has begun to read: then when asked to.
  function show() {
    const frame = part("text");
    if (!frame) return;
    let place = first === frame.contentDocument?.documentElement ? "" : words(first);
    if (begun()) {
      const above = [...frame.contentDocument.querySelectorAll(HEADINGS)];
      place = words(above.findLast((heading) => heading.getBoundingClientRect().top < 80));
    }
    frame.remove();  // to lead it elsewhere would be a step of the Back button
    part("live").hidden = true;
    arrive(place || fragment());
  }

  function begun() {
    return first && Math.abs(first.getBoundingClientRect().top - stood) > 40;
  }

  function running(cells) {
    if (phase === "lost") return;
    const at = cells.findIndex((cell) => cell.prompt === "*");
    for (const node of document.querySelectorAll(".waiting-runs")) {
      if (node !== cells[at]?.node) node.classList.remove("waiting-runs");
    }
    if (at >= 0) {
      phase = "runs";
      cells[at].node.classList.add("waiting-runs");
      const stuck = interrupted ? " Here ■ cannot stop it: Kernel → Restart Kernel can." : "";
      say("doing", `Cell ${at + 1} of ${cells.length} is running.${stuck}`);
    } else if (phase === "runs" || ran.size !== told) {
      told = ran.size;
      enter("ready");
      interrupted = false;
      const written = cells.filter((cell) => cell.model.sharedModel.source.trim());
      const left = written.filter((cell) => !ran.has(cell.model.id)).length;
      if (!left) say("doing", `All ${cells.length} cells have run.`);
      else if (ran.size) say("doing", `${left} of ${cells.length} cells have not run.`);
    }
  }

  function heard(status) {
    if (status === "dead") enter("failed");
    if (!status.endsWith("restarting")) return;
    asked.clear();
    ran.clear();
    enter("ready");
  }

  function noted({ msg: { header, metadata, parent_header, content }, direction }) {
    if (direction === "send" && header.msg_type === "execute_request") asked.set(header.msg_id, metadata.cellId);
    const cell = header.msg_type === "execute_reply" && asked.get(parent_header.msg_id);
    if (cell && content.status !== "aborted") ran.add(cell);
  }

  // Nothing reaches Python in a browser while it runs.
  function interrupt() {
    interrupted = phase === "runs";
    if (phase === "ready") say("doing", "Here ■ stops nothing: a figure that plays has its own Pause.");
  }

  // What draws the controls would come with the first figure, when the line may be gone.
  async function controls() {
    const get = await window._JUPYTERLAB["@jupyter-widgets/jupyterlab-manager"].get("./extension");
    const { activate } = get().default.find((plugin) => plugin.id.includes(":controls-"));
    let load = null;
    activate(null, { registerWidget: ({ exports }) => { load = exports; } });
    await load();
  }

  async function follow() {
    if (!path) return enter("nowhere");
    while (!window.jupyterapp) await later(50);
    const app = window.jupyterapp;
    const file = await app.serviceManager.contents.get(path, { content: false }).catch(() => null);
    if (file?.type !== "notebook") return enter("nowhere");
    await app.restored;
    while (!app.shell.currentWidget?.sessionContext) await later(50);
    document.getElementById("jp-NotebookLogo")?.setAttribute("aria-label", "The front page");
    const widget = app.shell.currentWidget;
    await widget.context.ready;
    enter("python");
    await widget.revealed;
    stayWhenAllRun(app.commands, widget);
    part("live").onclick = show;
    if (begun()) part("live").hidden = false;
    else show();
    part("run").hidden = phase === "lost";
    part("run").onclick = async () => {
      show();
      await widget.sessionContext.ready;
      await app.commands.execute("notebook:run-all-cells");
    };
    await widget.sessionContext.ready;
    const kernel = widget.sessionContext.session?.kernel;
    kernel?.statusChanged.connect((_, status) => heard(status));
    kernel?.anyMessage.connect((_, message) => noted(message));
    app.commands.commandExecuted.connect((_, { id }) => { if (id === "notebook:interrupt-kernel") interrupt(); });
    await controls().catch(() => {});  // a file of theirs that does not come is named
    await kernel?.info;
    if (phase !== "failed") enter("ready");
    setInterval(() => {
      named();  // the application has one name for all pages
      running(widget.content.widgets.filter((cell) => cell.model.type === "code"));
    }, 200);
  }

  // Who runs all cells stays where they read: the application would scroll to the last one.
  function stayWhenAllRun(commands, { content }) {
    const execute = commands.execute.bind(commands);
    commands.execute = (id, ...options) => {
      if (id !== "notebook:run-all-cells") return execute(id, ...options);
      const at = content.activeCellIndex;
      content.scrollToItem = async () => { delete content.scrollToItem; };
      const done = execute(id, ...options);
      content.activeCellIndex = at;
      return done;
    };
  }

  function named() {
    const title = page.title && `${page.title} · Backpropagation`;
    if (title && document.title !== title) document.title = title;
  }

  // A reader who opens a link in a new tab, by the middle button or the menu, comes to the page, not to its file.
  function leadToThePage({ target }) {
    const link = target.closest?.("a[href]"), files = new URL("files/", root).href;
    if (link?.href.startsWith(files)) link.href = new URL(`tree/index.html?path=${link.href.slice(files.length)}`, root);
  }

  addEventListener("pointerover", leadToThePage);
  addEventListener("focusin", leadToThePage);
  addEventListener("hashchange", () => arrive(fragment()));
  named();
  replaceIfDenied("localStorage");
  replaceIfDenied("sessionStorage");
  const database = databaseOpens().then((opens) => { denied ||= !opens; });
  // A file of the frame tells its size when it is there.
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.name.includes("/pyodide/")) loaded.application.set(entry.name, entry.decodedBodySize);
    }
    if (phase) count();
  }).observe({ type: "resource", buffered: true });
  try {
    const channel = new BroadcastChannel(`loading ${tab}`);
    channel.onmessage = ({ data: { file, bytes, all, lost: isLost } }) => {
      if (isLost) return lost(file);
      loaded.python.set(file, bytes);
      if (all) underWay.delete(file);
      else underWay.add(file);
      count();
    };
  } catch {}
  addEventListener("error", ({ target }) => {
    const isNeeded = !window.jupyterapp || /[/](pyodide|@jupyter-widgets)/.test(target.src);
    if (target instanceof HTMLScriptElement && isNeeded) lost(target.src);
  }, true);
  // A module that the worker imports is named in what its kernel says, and the worker's own file by nobody else.
  addEventListener("unhandledrejection", ({ reason }) => {
    const [address] = /\S+[/]pyodide[/]\S+/.exec(reason?.message ?? reason) ?? [];
    if (address) lost(address);
  });
  window.Worker = class extends Worker {
    constructor(address, options) {
      super(address, options);
      this.addEventListener("error", (event) => { if (!(event instanceof ErrorEvent)) lost(address); });
    }
  };

  return {
    // The body has begun: show the text, and load nothing else until it is there.
    async begin() {
      enter("frame");
      if (SETTINGS.pages[name]) {
        const frame = part("text");
        frame.hidden = false;
        frame.onload = textIsThere;
        frame.src = new URL(`reading/${name.replace(".ipynb", ".html")}`, root);
        later(15000).then(textShown);
      } else {
        textShown();
      }
      await database;
      say("kept", denied
        ? "This browser lets no page keep anything: all runs, but your changes are not kept when you leave."
        : "What was loaded and your changes stay in this browser alone; in a private window, until you close it.");
    },
    text: Promise.all([text, database]),
    // The settings are together, and the application has not read them yet.
    settings() {
      const script = document.getElementById("jupyter-config-data");
      const config = JSON.parse(script.textContent);
      const kernel = config.litePluginSettings[KERNEL];
      kernel.loadPyodideOptions.packages = page.packages;
      kernel.pyodideUrl += `?tab=${tab}`;
      if (denied) {
        config.enableMemoryStorage = true;
        for (const kind of ["contents", "settings", "workspaces"]) {
          config[`${kind}StorageDrivers`] = ["memoryStorageDriver"];
        }
      }
      script.textContent = JSON.stringify(config);
      follow();
    },
  };
})();
