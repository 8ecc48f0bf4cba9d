// Charts: an element with `data-chart="<json url>"` draws what the server describes at that address, one without
// an address what stands in it as JSON.
// The server says what is shown (names, units, values, flags, limits); how it looks is decided by its kind,
// which is fetched when a page has a chart of it.
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([CanvasRenderer]);

interface Description {
  kind: string;
  empty: string;
}

interface Kind {
  draw(description: Description, element: HTMLElement): echarts.EChartsCoreOption;
  isEmpty(description: Description): boolean;
}

const kind = (module: unknown): Kind => module as Kind;

const KINDS: Record<string, () => Promise<Kind>> = {
  lines: () => import("./lines").then(kind),
  calendar: () => import("./calendar").then(kind),
  bars: () => import("./bars").then(kind),
  rose: () => import("./rose").then(kind),
};

function say(element: HTMLElement, text: string): void {
  element.replaceChildren();
  const note = document.createElement("div");
  note.className = "chart-problem";
  note.textContent = text;
  element.append(note);
}

/** A year is wider than a phone: the window on it begins where today is. */
function showToday(element: HTMLElement): void {
  const window_ = element.parentElement;
  if (!window_) return;
  const today = new Date();
  const passed = (today.getMonth() + today.getDate() / 31) / 12;
  window_.scrollLeft = element.clientWidth * passed - window_.clientWidth / 2;
}

async function described(element: HTMLElement): Promise<Description | undefined> {
  const inside = element.querySelector("script");
  if (inside) return JSON.parse(inside.textContent ?? "") as Description;
  const response = await fetch(element.dataset.chart ?? "", { headers: { Accept: "application/json" } });
  if (!response.ok) {
    say(element, element.dataset.problem ?? `HTTP ${response.status}`);
    return undefined;
  }
  return (await response.json()) as Description;
}

async function draw(element: HTMLElement): Promise<void> {
  const description = await described(element);
  if (!description) return;
  const kind = await (KINDS[description.kind] ?? KINDS.lines!)();
  if (kind.isEmpty(description)) {
    echarts.getInstanceByDom(element)?.dispose();
    say(element, description.empty);
    return;
  }
  const render = () => {
    let chart = echarts.getInstanceByDom(element);
    if (!chart) {
      element.replaceChildren();
      chart = echarts.init(element);
    }
    chart.setOption(kind.draw(description, element), { notMerge: true });
  };
  render();
  if (description.kind === "calendar") showToday(element);
  const chart = echarts.getInstanceByDom(element);
  // A day of a calendar says where it opens.
  chart?.on("click", (event) => {
    const url = Array.isArray(event.data) ? (event.data as unknown[])[3] : undefined;
    if (description.kind === "calendar" && typeof url === "string") location.href = url;
  });
  const onTheme = () => render();
  document.addEventListener("ecoledger:theme", onTheme);
  const resized = new ResizeObserver(() => {
    if (element.isConnected) chart?.resize();
    else {
      resized.disconnect();
      document.removeEventListener("ecoledger:theme", onTheme);
      chart?.dispose();
    }
  });
  resized.observe(element);
  element.dataset.drawn = "yes";
}

export function startChart(element: HTMLElement): void {
  if (element.dataset.started) return;
  element.dataset.started = "yes";
  draw(element).catch(() => say(element, element.dataset.problem ?? "⚠"));
}
