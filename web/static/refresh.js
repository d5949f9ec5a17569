// Brings the numbers anew once a minute while the page is looked at; the page works without it.
"use strict";
const MINUTE = 60_000;
async function refresh() {
  const held = document.activeElement !== document.body || !getSelection().isCollapsed;
  if (document.hidden || held || document.querySelector("details[open]")) return;
  const offline = document.getElementById("offline");
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const table = document.querySelector(".scroll");
    const left = table ? table.scrollLeft : 0;
    document.getElementById("page").replaceWith(fresh.getElementById("page"));
    const next = document.querySelector(".scroll");
    if (next) next.scrollLeft = left;
    offline.hidden = true;
  } catch {
    offline.hidden = false;
  }
}
setInterval(refresh, MINUTE);
document.addEventListener("visibilitychange", refresh);
