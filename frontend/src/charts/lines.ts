// Values over time as lines or bars, with limits, gaps and flagged values.
import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";

import { escaped, inked } from "./look";

echarts.use([AriaComponent, BarChart, DataZoomComponent, GridComponent, LegendComponent, LineChart, MarkLineComponent, ScatterChart, TooltipComponent]);

/** One value: when its period starts, the value, the words for its flag (empty when it is good). */
type Reading = [time: string, value: number | null, flag?: string];

interface Series {
  name: string;
  unit?: string;
  type?: "line" | "bar";
  /** The panel it is drawn in: lines of one unit share one, the panels stand below each other. */
  axis?: number;
  decimals?: number;
  points: Reading[];
}

interface Limit {
  name: string;
  value: number;
  /** The days it holds, where it does not hold all the time. */
  from?: string;
  to?: string;
}

export interface Lines {
  kind: "lines";
  series: Series[];
  limits: Limit[];
  /** Seconds of one period: longer gaps break the line instead of being bridged. */
  period: number;
  empty: string;
  flagged: string;
}

const PALETTE = ["#0f8f83", "#3a6fd8", "#d9822b", "#8b5cc7", "#c2406e", "#6b8e23", "#4b6470"];

// Height of a panel and of the space between two, in pixels.
const PANEL = 150;
const GAP = 26;

/** The least of many numbers (more than a call takes as arguments). */
function least(numbers: readonly number[]): number {
  return numbers.reduce((least, number) => Math.min(least, number), Infinity);
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

/** What a reader of the screen hears: each line's first and last value with their times, not its epochs. */
function spoken(series: readonly Series[]): string {
  return series
    .map((one) => {
      const there = one.points.filter(([, value]) => value !== null);
      const say = (point: (typeof there)[number] | undefined) =>
        point ? `${new Date(point[0]).toLocaleString(document.documentElement.lang)} ${point[1]} ${one.unit ?? ""}` : "";
      return there.length ? `${one.name}：${say(there[0])} – ${say(there[there.length - 1])}` : one.name;
    })
    .join("；");
}

export function draw(description: Lines, element: HTMLElement): echarts.EChartsCoreOption {
  const ink = inked(element);
  const panels = 1 + Math.max(0, ...description.series.map((series) => series.axis ?? 0));
  const every = Array.from({ length: panels }, (_, panel) => panel);
  const units = every.map((panel) => description.series.find((series) => (series.axis ?? 0) === panel)?.unit ?? "");
  const flagged = description.series.flatMap((series) =>
    series.points
      .filter(([, value, flag]) => flag && value !== null)
      .map(([time, value, flag]) => ({ value: [time, value], flag, axis: series.axis ?? 0 })),
  );
  const names = description.series.map((series) => series.name);
  const legend = names.length > 1 || flagged.length > 0;
  // The legend wraps: on a phone it takes several rows, and none of its names is paged away.
  const letters = names.reduce((sum, name) => sum + name.length * 9 + 48, 0);
  const top = legend ? 22 + 22 * Math.ceil(letters / Math.max(200, element.clientWidth)) : 34;
  const bottom = 56;
  if (panels > 1) element.style.height = `${top + bottom + panels * PANEL}px`;
  const times = description.series.flatMap((series) => series.points.map(([time]) => Date.parse(time)));
  // One stretch of time for all panels, whichever of their series begins later.
  const [from, until] = panels > 1 ? [least(times), -least(times.map((time) => -time))] : [undefined, undefined];
  // Within weeks the first of a month is a day among days; only beyond them does its label stand for the month.
  const weeks = -least(times.map((time) => -time)) - least(times) < 60 * 86_400_000;
  const month = weeks ? "{MM}-{dd}" : "{yyyy}-{MM}";
  const height = panels > 1 ? PANEL - GAP : undefined;
  return {
    color: PALETTE,
    animation: false,
    aria: { enabled: true, label: { description: spoken(description.series) } },
    // Panels share one edge, so that an hour stands above the same hour, however wide the labels of each are.
    grid: every.map((panel) =>
      panels > 1
        ? { left: 56, right: 24, top: top + panel * PANEL, height }
        : { left: 8, right: 12, top, bottom, containLabel: true },
    ),
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    legend: {
      show: legend,
      top: 0,
      textStyle: { color: ink.text },
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
    xAxis: every.map((panel) => ({
      type: "time",
      gridIndex: panel,
      min: from,
      max: until,
      axisLabel: { show: panel === panels - 1, color: ink.text, hideOverlap: true, formatter: { year: weeks ? "{yyyy}-{MM}-{dd}" : "{yyyy}", month, day: "{MM}-{dd}", hour: "{HH}:{mm}", minute: "{HH}:{mm}", second: "{HH}:{mm}:{ss}", millisecond: "{HH}:{mm}:{ss}" } },
      axisLine: { lineStyle: { color: ink.line } },
    })),
    yAxis: every.map((panel) => ({
      type: "value",
      gridIndex: panel,
      scale: panel > 0,
      name: units[panel],
      nameGap: panels > 1 ? 6 : 15,
      nameTextStyle: { color: ink.text, align: "left" },
      axisLabel: { color: ink.text },
      splitLine: { lineStyle: { color: ink.line } },
    })),
    dataZoom: [
      { type: "inside", xAxisIndex: every, filterMode: "none" },
      { type: "slider", xAxisIndex: every, height: 18, bottom: 8, filterMode: "none", borderColor: ink.line, textStyle: { color: ink.text } },
    ],
    series: [
      ...description.series.map((series, index) => ({
        name: series.name,
        type: series.type ?? "line",
        xAxisIndex: series.axis ?? 0,
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
      ...every
        .map((panel) => ({ panel, points: flagged.filter((point) => point.axis === panel) }))
        .filter(({ points }) => points.length > 0)
        .map(({ panel, points }) => ({
          name: description.flagged,
          type: "scatter",
          xAxisIndex: panel,
          yAxisIndex: panel,
          symbol: "diamond",
          symbolSize: 7,
          itemStyle: { color: "#e8a317" },
          data: points.map((point) => point.value),
          tooltip: { show: false },
        })),
    ],
  };
}

export function isEmpty(description: Lines): boolean {
  return description.series.every((series) => series.points.length === 0);
}
