// Loads the parts of the program that are not loaded with it, each at most once. A part shares memory and functions with
// the program, so it goes on with what the program holds.
import { initSync } from "./dashboard.js";

const compiled = new Map();
const parts = new Map();

// Loads and compiles a part, also before the program runs.
export function compilePart(name) {
  if (!compiled.has(name)) {
    const part = WebAssembly.compileStreaming(fetch(new URL(`./${name}.wasm`, import.meta.url)));
    part.catch(() => compiled.delete(name));
    compiled.set(name, part);
  }
  return compiled.get(name);
}

async function fetchPart(name) {
  await WebAssembly.instantiate(await compilePart(name), { __wasm_split: initSync() });
}

export function loadPart(name) {
  if (!parts.has(name)) {
    const part = fetchPart(name);
    part.catch(() => parts.delete(name));
    parts.set(name, part);
  }
  return parts.get(name);
}

function loads(name) {
  const say = (callback, data, isThere) => initSync().__indirect_function_table.get(callback)(data, isThere);
  return (callback, data) => loadPart(name).then(() => say(callback, data, 1), () => say(callback, data, 0));
}
