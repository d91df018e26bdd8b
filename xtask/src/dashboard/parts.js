// Loads the parts of the program that are not loaded with it, each at most once. A part shares memory and functions with
// the program, so it goes on with what the program holds.
import { initSync } from "./dashboard.js";

const parts = new Map();

async function fetchPart(name) {
  const file = fetch(new URL(`./${name}.wasm`, import.meta.url));
  await WebAssembly.instantiateStreaming(file, { __wasm_split: initSync() });
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
