import start from "./dashboard.js";
import { compilePart } from "./__wasm_split.js";

// A dashboard on another site than its server's has a session of its own. A browser may refuse to tell what it keeps.
let kept;
try { kept = sessionStorage["andon-session"]; } catch {}
if (kept || /^#code=/.test(location.hash)) await import("./elsewhere.js");

const started = start({ module_or_path: new URL("./dashboard_bg.wasm", import.meta.url) });

// These pages need the part as well, so it comes at the same time.
if (/^\/(board|cameras|compare|data-problems|decisions|devices|people|access)$/.test(location.pathname)) {
  // What fails here is loaded again when the page asks for it.
  compilePart("back_office").catch(() => {});
}

// The browser loads its data of languages at the first use, which takes a while: now, while the program is on its way.
new Intl.NumberFormat().formatToParts(0);
new Intl.DateTimeFormat().format(0);

await started;
