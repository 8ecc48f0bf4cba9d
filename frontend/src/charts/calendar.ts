// A year of days as a calendar, each day in its official colour.
import { HeatmapChart } from "echarts/charts";
import { AriaComponent, CalendarComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";

import { escaped, inked } from "./look";

echarts.use([AriaComponent, CalendarComponent, HeatmapChart, TooltipComponent, VisualMapComponent]);

export interface Calendar {
  kind: "calendar";
  from: string;
  to: string;
  days: [day: string, value: number, note: string, url?: string][];
  pieces: { min: number; max?: number; color: string; label: string }[];
  empty: string;
}

export function draw(description: Calendar, element: HTMLElement): echarts.EChartsCoreOption {
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

export function isEmpty(description: Calendar): boolean {
  return description.days.length === 0;
}
