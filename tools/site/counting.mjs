// Pyodide as it is, with every byte that it loads counted, and told to the page that waits for it.
//
// The worker that runs Python imports this file in the place of pyodide.mjs, with the tab that waits in its
// address. What it tells that tab: a file, and how many bytes of it have come and whether these are all, or that
// it did not come.

// The kernel installs these itself unless they are among the packages to load; no page needs them.
const NOT_NEEDED = ["jedi"];

let channel = null;
try {
  channel = new BroadcastChannel(`loading ${new URL(import.meta.url).searchParams.get("tab")}`);
} catch {
  // A browser that denies all storage may deny this, too: then the page says less, and runs.
}

async function told(answer, file) {
  const lost = () => channel.postMessage({ file, lost: true });
  if (channel) answer.catch(lost);
  const response = await answer;
  if (!channel) return response;
  let bytes = 0;
  const tell = (all) => channel.postMessage({ file, bytes, all });
  if (!response.ok) lost();
  else tell(!response.body);
  if (!response.ok || !response.body) return response;
  const counter = new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      tell(false);
      controller.enqueue(chunk);
    },
    flush: () => tell(true),
  });
  response.body.pipeTo(counter.writable).catch(lost);
  return new Response(counter.readable, {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
  });
}

export async function loadPyodide(options) {
  const fetched = globalThis.fetch;
  globalThis.fetch = async (...asked) => {
    const file = String(asked[0].url ?? asked[0]).split(/[?#]/)[0].split("/").pop();
    return told(fetched(...asked), file);
  };
  try {
    // Here, and where Python comes from: what does not come is named by its own name.
    const { loadPyodide: load } = await import(new URL("pyodide.mjs", options.indexURL));
    const packages = options.packages.filter((name) => !NOT_NEEDED.includes(name));
    return await load({ ...options, packages });
  } finally {
    globalThis.fetch = fetched;
  }
}
