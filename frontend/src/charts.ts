// Charts: an element with `data-chart="<json url>"` draws what the server describes at that address.
// The server says what is shown (names, units, values, flags, limits); how it looks is decided here.
import { BarChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import {
  AriaComponent,
  CalendarComponent,
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([
  AriaComponent,
  BarChart,
  CalendarComponent,
  CanvasRenderer,
  DataZoomComponent,
  GridComponent,
  HeatmapChart,
  LegendComponent,
  LineChart,
  MarkLineComponent,
  ScatterChart,
  TooltipComponent,
  VisualMapComponent,
]);

/** One value: when its period starts, the value, the words for its flag (empty when it is good). */
type Reading = [time: string, value: number | null, flag?: string];

interface Series {
  name: string;
  unit?: string;
  type?: "line" | "bar";
  axis?: 0 | 1;
  decimals?: number;
  points: Reading[];
}

interface Limit {
  name: string;
  value: number;
  /** The days it holds, where it does not hold all the time. */
  from?: string;
  to?: string;
  axis?: 0 | 1;
}

interface Lines {
  kind: "lines";
  series: Series[];
  limits: Limit[];
  /** Seconds of one period: longer gaps break the line instead of being bridged. */
  period: number;
  empty: string;
  flagged: string;
}

interface Calendar {
  kind: "calendar";
  from: string;
  to: string;
  days: [day: string, value: number, note: string, url?: string][];
  pieces: { min: number; max?: number; color: string; label: string }[];
  empty: string;
}

type Description = Lines | Calendar;

const PALETTE = ["#0f8f83", "#3a6fd8", "#d9822b", "#8b5cc7", "#c2406e", "#6b8e23", "#4b6470"];

function inked(element: HTMLElement): { text: string; line: string; surface: string } {
  const style = getComputedStyle(element);
  const read = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  return {
    text: read("--el-quiet", "#566472"),
    line: read("--el-line", "#dfe5e4"),
    surface: read("--el-surface", "#fff"),
  };
}

function escaped(text: string): string {
  const holder = document.createElement("span");
  holder.textContent = text;
  return holder.innerHTML;
}

function shown(value: number | null, series: Series): string {
  if (value === null) return "—";
  return `${value.toFixed(series.decimals ?? 1)} ${series.unit ?? ""}`.trim();
}

/** Puts a hole where a period is missing, so that the line does not claim what nobody measured. */
function withGaps(points: Reading[], period: number): (string | number | null)[][] {
  const drawn: (string | number | null)[][] = [];
  let before = NaN;
  for (const [time, value] of points) {
    const now = Date.parse(time);
    if (period && now - before > period * 1500) drawn.push([before + period * 1000, null]);
    drawn.push([time, value]);
    before = now;
  }
  return drawn;
}

function lines(description: Lines, element: HTMLElement): echarts.EChartsCoreOption {
  const ink = inked(element);
  const units = [0, 1].map(
    (axis) => description.series.find((series) => (series.axis ?? 0) === axis)?.unit ?? "",
  );
  const hasSecond = description.series.some((series) => series.axis === 1);
  const flagged = description.series.flatMap((series) =>
    series.points
      .filter(([, value, flag]) => flag && value !== null)
      .map(([time, value, flag]) => ({ value: [time, value], flag, axis: series.axis ?? 0 })),
  );
  const names = description.series.map((series) => series.name);
  return {
    color: PALETTE,
    animation: false,
    aria: { enabled: true },
    grid: { left: 8, right: 12, top: names.length > 1 || hasSecond ? 52 : 34, bottom: 56, containLabel: true },
    legend: {
      show: names.length > 1 || flagged.length > 0,
      type: "scroll",
      top: 0,
      textStyle: { color: ink.text },
      pageTextStyle: { color: ink.text },
      data: flagged.length ? [...names, description.flagged] : names,
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: ink.surface,
      borderColor: ink.line,
      textStyle: { color: ink.text },
      formatter: (given: unknown) => {
        const items = given as { axisValueLabel: string; seriesIndex: number; marker: string; value: [string, number | null] }[];
        const rows = items
          .filter((item) => item.seriesIndex < description.series.length)
          .map((item) => {
            const series = description.series[item.seriesIndex] as Series;
            const flag = series.points.find(([time]) => time === item.value[0])?.[2];
            return `${item.marker}${escaped(series.name)} <b>${escaped(shown(item.value[1], series))}</b>${flag ? ` · ${escaped(flag)}` : ""}`;
          });
        return rows.length ? `${escaped(items[0]?.axisValueLabel ?? "")}<br>${rows.join("<br>")}` : "";
      },
    },
    xAxis: { type: "time", axisLabel: { color: ink.text, hideOverlap: true, formatter: { year: "{yyyy}", month: "{yyyy}-{MM}", day: "{MM}-{dd}", hour: "{HH}:{mm}", minute: "{HH}:{mm}", second: "{HH}:{mm}:{ss}", millisecond: "{HH}:{mm}:{ss}" } }, axisLine: { lineStyle: { color: ink.line } } },
    yAxis: [0, 1].slice(0, hasSecond ? 2 : 1).map((axis) => ({
      type: "value",
      scale: axis === 1,
      name: units[axis],
      nameTextStyle: { color: ink.text, align: axis ? "right" : "left" },
      axisLabel: { color: ink.text },
      splitLine: { lineStyle: { color: ink.line }, show: axis === 0 },
    })),
    dataZoom: [
      { type: "inside", filterMode: "none" },
      { type: "slider", height: 18, bottom: 8, filterMode: "none", borderColor: ink.line, textStyle: { color: ink.text } },
    ],
    series: [
      ...description.series.map((series, index) => ({
        name: series.name,
        type: series.type ?? "line",
        yAxisIndex: series.axis ?? 0,
        data: withGaps(series.points, series.type === "bar" ? 0 : description.period),
        showSymbol: series.points.length < 3,
        symbolSize: 5,
        connectNulls: false,
        lineStyle: { width: 1.6 },
        barMaxWidth: 28,
        sampling: series.points.length > 4000 ? "minmax" : undefined,
        markLine:
          index === 0 && description.limits.length
            ? {
                symbol: "none",
                silent: true,
                animation: false,
                lineStyle: { color: "#d63939", type: "dashed" },
                label: { color: "#d63939", position: "insideEndTop", formatter: "{b} {c}" },
                data: description.limits.map((limit) =>
                  limit.from
                    ? [{ name: limit.name, coord: [limit.from, limit.value], value: limit.value }, { coord: [limit.to, limit.value] }]
                    : { name: limit.name, yAxis: limit.value },
                ),
              }
            : undefined,
      })),
      ...(flagged.length
        ? [
            {
              name: description.flagged,
              type: "scatter",
              symbol: "diamond",
              symbolSize: 7,
              itemStyle: { color: "#e8a317" },
              data: flagged.map((point) => point.value),
              tooltip: { show: false },
            },
          ]
        : []),
    ],
  };
}

function calendar(description: Calendar, element: HTMLElement): echarts.EChartsCoreOption {
  const ink = inked(element);
  const chinese = document.documentElement.lang.startsWith("zh");
  return {
    animation: false,
    aria: { enabled: true },
    tooltip: {
      confine: true,
      backgroundColor: ink.surface,
      borderColor: ink.line,
      textStyle: { color: ink.text },
      formatter: (given: unknown) => {
        const { value } = given as { value: [string, number, string] };
        return `${escaped(value[0])}<br><b>${value[1]}</b> ${escaped(value[2])}`;
      },
    },
    visualMap: {
      type: "piecewise",
      dimension: 1,
      pieces: description.pieces,
      orient: "horizontal",
      left: "center",
      bottom: 0,
      itemWidth: 12,
      itemHeight: 12,
      textStyle: { color: ink.text },
    },
    calendar: {
      range: [description.from, description.to],
      left: 36,
      right: 8,
      top: 24,
      bottom: 34,
      cellSize: ["auto", "auto"],
      splitLine: { lineStyle: { color: ink.text, width: 1 } },
      itemStyle: { color: "transparent", borderColor: ink.line },
      dayLabel: { color: ink.text, firstDay: 1, nameMap: chinese ? "ZH" : "EN" },
      monthLabel: { color: ink.text, nameMap: chinese ? "ZH" : "EN" },
      yearLabel: { show: false },
    },
    series: { type: "heatmap", coordinateSystem: "calendar", data: description.days },
  };
}

function say(element: HTMLElement, text: string): void {
  element.replaceChildren();
  const note = document.createElement("div");
  note.className = "chart-problem";
  note.textContent = text;
  element.append(note);
}

function isEmpty(description: Description): boolean {
  return description.kind === "calendar"
    ? description.days.length === 0
    : description.series.every((series) => series.points.length === 0);
}

async function draw(element: HTMLElement): Promise<void> {
  const response = await fetch(element.dataset.chart ?? "", { headers: { Accept: "application/json" } });
  if (!response.ok) {
    say(element, element.dataset.problem ?? `HTTP ${response.status}`);
    return;
  }
  const description = (await response.json()) as Description;
  if (isEmpty(description)) {
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
    chart.setOption(
      description.kind === "calendar" ? calendar(description, element) : lines(description, element),
      { notMerge: true },
    );
  };
  render();
  const chart = echarts.getInstanceByDom(element);
  if (description.kind === "calendar")
    chart?.on("click", (event) => {
      const url = (event.data as unknown[] | undefined)?.[3];
      if (typeof url === "string") location.href = url;
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
