"""Charts for documents, drawn without a screen. Labels are Latin, so no Chinese font is needed."""

from __future__ import annotations

from io import BytesIO

from ecoledger.reports.content import DayChart
from ecoledger.standards import aqi


def day_chart(chart: DayChart) -> bytes:
    """PNG of daily AQI as bars in the colours of their levels, with the line over them."""
    # Heavy to load, and few documents have a chart: nobody waits for it before.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 3.0), dpi=200)
    FigureCanvasAgg(figure)
    bars = figure.add_subplot()
    places = range(len(chart.days))
    colours = ["#CCCCCC" if v is None else aqi.level_of(v).hex for v in chart.index]
    bars.bar(
        places, [v or 0 for v in chart.index], color=colours, edgecolor="#666666", linewidth=0.4
    )
    bars.axhline(100, color="#888888", linewidth=0.8, linestyle="--")
    bars.set_ylabel("AQI")
    bars.set_xticks(list(places), [f"{d.day}" for d in chart.days], fontsize=7)
    line = bars.twinx()
    line.plot(
        places,
        [float("nan") if v is None else v for v in chart.line],
        color="#1F4E79",
        linewidth=1.3,
        marker="o",
        markersize=2.5,
    )
    line.set_ylabel(chart.line_label)
    line.set_ylim(bottom=0)
    for axes in (bars, line):
        axes.spines["top"].set_visible(False)
    figure.tight_layout()
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
