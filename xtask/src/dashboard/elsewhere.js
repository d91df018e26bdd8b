// A dashboard on another site than its server's comes back from signing in with a code, for which it gets a session of this tab.
const KEPT = "andon-session";
const code = location.hash.match(/^#code=(.+)/)?.[1];
if (code) {
  history.replaceState(null, "", location.pathname + location.search);
  const server = (await (await fetch("/config.json")).json()).apiUrl.replace(/\/+$/, "");
  const answer = await fetch(server + "/auth/session", { method: "POST", body: code });
  const text = await answer.text();
  if (!answer.ok) {
    document.getElementById("main").textContent = text;
    throw new Error(text);
  }
  sessionStorage.setItem(KEPT, JSON.stringify({ server, authorization: "Bearer " + text }));
}

const { server, authorization } = JSON.parse(sessionStorage.getItem(KEPT));
globalThis.andonSession = authorization;
addEventListener("submit", (event) => {
  if (event.target.action.endsWith("/auth/sign-out")) {
    event.preventDefault();
    sessionStorage.removeItem(KEPT);
    // Not before: a page whose session is over goes to where one signs in.
    addEventListener("pagehide", () => navigator.sendBeacon(server + "/auth/session/end", authorization));
    location.assign(server + "/auth/sign-out");
  }
});
