// Every page loads this file: HTMX, the look, the few controls; charts and maps come when a page has them.
import "@tabler/core/dist/css/tabler.min.css";
import "./styles/tokens.css";
import "./styles/parts.css";
import "./styles/frame.css";
import "./styles/list.css";
import "./styles/entity.css";
import "./styles/matter.css";
import "./styles/river.css";
import "./styles/home.css";
import "./styles/campaign.css";
import "./styles/phone.css";
import "./styles/palette.css";
import "./styles/door.css";
import "./styles/document.css";
import "./styles/wall.css";
import "./styles/plan.css";
import "./styles/help.css";
import "./styles/print.css";

import htmx from "htmx.org";
import "htmx-ext-sse";

import { startControls } from "./controls";
import { startPalette } from "./palette";
import { startSignatures } from "./signature";

// The pages' policy forbids eval, and the indicator's style comes from our own sheet.
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;

async function startIslands(root: ParentNode): Promise<void> {
  // Something may wait on this device although the page has no such form, or what was sent from one was taken.
  const waits =
    root === document &&
    (localStorage.getItem("ecoledger-waiting") !== null || document.querySelector("main .alert-success") !== null);
  if (waits || root.querySelector("form[data-offline], form[data-draft]")) {
    const { startOffline } = await import("./offline");
    startOffline(root);
  }
  const wall = root.querySelector<HTMLElement>("[data-wall]");
  if (wall) {
    const { startWall } = await import("./wall");
    startWall(wall);
  }
  const charts = root.querySelectorAll<HTMLElement>("[data-chart]");
  // The wall starts its map itself, when its page is in front.
  const maps = root.querySelectorAll<HTMLElement>("[data-map]:not([data-wall] *)");
  if (charts.length) {
    const { startChart } = await import("./charts/start");
    charts.forEach(startChart);
  }
  const shapes = root.querySelectorAll<HTMLElement>("[data-shape]");
  if (shapes.length) {
    const { startShape } = await import("./shape");
    shapes.forEach(startShape);
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
startPalette();
startSignatures(document);
void startIslands(document);
document.addEventListener("htmx:load", (event) => {
  const part = (event as CustomEvent<{ elt: HTMLElement }>).detail.elt;
  if (part !== document.body) void startIslands(part);
});
