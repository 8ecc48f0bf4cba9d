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
    aria: { enabled: true, label: { description: spoken(description.series) } },
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

export function isEmpty(description: Lines): boolean {
  return description.series.every((series) => series.points.length === 0);
}
