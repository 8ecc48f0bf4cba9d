// A rose: how often the wind came from each direction, in classes of speed (or of any other quantity).
import { BarChart } from "echarts/charts";
import { AriaComponent, LegendComponent, PolarComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";

import { inked, tooltip } from "./look";

echarts.use([AriaComponent, BarChart, LegendComponent, PolarComponent, TooltipComponent]);

export interface Rose {
  kind: "rose";
  unit: string;
  /** Names of the sectors clockwise from north. */
  directions: string[];
  /** One ring a class, each with a share for every sector. */
  classes: { name: string; shares: number[] }[];
  empty: string;
}

// One teal ramp of five, light to dark.
const RAMP = ["#cfe5e1", "#9fcdc5", "#5faa9f", "#2a8f80", "#17594f"];

export function draw(description: Rose, element: HTMLElement): echarts.EChartsCoreOption {
  const ink = inked(element);
  return {
    color: RAMP,
    animation: false,
    aria: { enabled: true },
    tooltip: { ...tooltip(element), valueFormatter: (value: unknown) => `${Number(value).toFixed(1)} ${description.unit}` },
    legend: { bottom: 0, type: "scroll", textStyle: { color: ink.text } },
    polar: { radius: "72%", center: ["50%", "46%"] },
    angleAxis: { type: "category", data: description.directions, startAngle: 90 + 180 / description.directions.length, clockwise: true, axisLabel: { color: ink.text }, axisLine: { lineStyle: { color: ink.line } } },
    radiusAxis: { axisLabel: { color: ink.text }, splitLine: { lineStyle: { color: ink.line } } },
    series: description.classes.map((ring) => ({ name: ring.name, type: "bar", coordinateSystem: "polar", stack: "all", barCategoryGap: "6%", data: ring.shares })),
  };
}

export function isEmpty(description: Rose): boolean {
  return description.classes.every((ring) => ring.shares.every((share) => share === 0));
}
