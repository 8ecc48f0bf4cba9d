// Every page loads this file: HTMX, Tabler, and what starts charts and maps where a page has them.
import "@tabler/core/dist/css/tabler.min.css";
import "./ecoledger.css";
import "./document.css";

import "@tabler/core/dist/js/tabler.esm.min.js";
import htmx from "htmx.org";
import "htmx-ext-sse";

import { startControls } from "./controls";

// The pages' policy forbids eval, and the indicator's style comes from our own sheet.
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;

async function startIslands(root: ParentNode): Promise<void> {
  const charts = root.querySelectorAll<HTMLElement>("[data-chart]");
  const maps = root.querySelectorAll<HTMLElement>("[data-map]");
  if (charts.length) {
    const { startChart } = await import("./charts");
    charts.forEach(startChart);
  }
  if (maps.length) {
    const { startMap } = await import("./map");
    maps.forEach(startMap);
  }
}

// What a page asks for by itself does not keep its session alive: the server is told when nobody is there.
let touched = Date.now();
for (const sign of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  document.addEventListener(sign, () => (touched = Date.now()), { passive: true });
}
document.addEventListener("htmx:configRequest", (event) => {
  const request = (event as CustomEvent<{ headers: Record<string, string> }>).detail;
  if (Date.now() - touched > 60_000) request.headers["X-Unattended"] = "1";
});

startControls();
void startIslands(document);
document.addEventListener("htmx:load", (event) => {
  const part = (event as CustomEvent<{ elt: HTMLElement }>).detail.elt;
  if (part !== document.body) void startIslands(part);
});
