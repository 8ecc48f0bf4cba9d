// Amounts side by side: places, trades, teams. Bars start at zero; a target is a line across them.
import { BarChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";

import { escaped, inked, tooltip } from "./look";

echarts.use([AriaComponent, BarChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent]);

export interface Bars {
  kind: "bars";
  unit: string;
  decimals?: number;
  names: string[];
  series: { name: string; values: (number | null)[] }[];
  /** Stacked bars show parts of one whole. */
  stacked?: boolean;
  target?: { name: string; value: number };
  empty: string;
}

const SERIES = ["#1f77b4", "#0f766e", "#8a5fbf", "#b0662b", "#56707a"];

export function draw(description: Bars, element: HTMLElement): echarts.EChartsCoreOption {
  const ink = inked(element);
  const shown = (value: number | null) => (value === null ? "—" : value.toFixed(description.decimals ?? 0));
  return {
    color: SERIES,
    animation: false,
    aria: { enabled: true },
    grid: { left: 8, right: 16, top: description.series.length > 1 ? 40 : 16, bottom: 24, containLabel: true },
    legend: { show: description.series.length > 1, type: "scroll", top: 0, textStyle: { color: ink.text } },
    tooltip: {
      ...tooltip(element),
      trigger: "axis",
      axisPointer: { type: "shadow" },
      formatter: (given: unknown) => {
        const items = given as { name: string; marker: string; seriesName: string; value: number | null }[];
        const rows = items.map((item) => `${item.marker}${escaped(item.seriesName)} <b>${shown(item.value)}</b> ${escaped(description.unit)}`);
        return `${escaped(items[0]?.name ?? "")}<br>${rows.join("<br>")}`;
      },
    },
    xAxis: { type: "value", min: 0, name: description.unit, axisLabel: { color: ink.text }, splitLine: { lineStyle: { color: ink.line } } },
    yAxis: { type: "category", data: description.names, inverse: true, axisLabel: { color: ink.text }, axisLine: { lineStyle: { color: ink.line } }, axisTick: { show: false } },
    series: description.series.map((series, index) => ({
      name: series.name,
      type: "bar",
      stack: description.stacked ? "whole" : undefined,
      barMaxWidth: 18,
      data: series.values,
      markLine:
        index === 0 && description.target
          ? {
              symbol: "none",
              silent: true,
              lineStyle: { color: "#d63939", type: "dashed" },
              label: { color: "#d63939", formatter: "{b} {c}" },
              data: [{ name: description.target.name, xAxis: description.target.value }],
            }
          : undefined,
    })),
  };
}

export function isEmpty(description: Bars): boolean {
  return description.series.every((series) => series.values.every((value) => value === null));
}
