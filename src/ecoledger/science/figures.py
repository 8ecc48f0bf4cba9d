"""Pictures for documents as PNG or SVG bytes, drawn without a screen. Labels are Latin: no Chinese font is needed.

Pages draw the same results with ECharts: :mod:`ecoledger.science.echarts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Literal

import numpy as np
import polars as pl
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon as Patch

from ecoledger.science.plume_inversion import Inversion
from ecoledger.science.polar_annulus import Annulus
from ecoledger.science.polar_plot import Surface
from ecoledger.science.roses import Rose

Format = Literal["png", "svg"]
_COLOURS = "turbo"
_LINE, _SHADE = "#1F4E79", "#9DC3E6"


def format_of(name: str) -> Format:
    """``svg`` for a name that ends so, else ``png``."""
    return "svg" if name.casefold().endswith(".svg") else "png"


def _figure(width: float = 5.6, height: float = 5.0) -> Figure:
    figure = Figure(figsize=(width, height), dpi=160)
    FigureCanvasAgg(figure)
    return figure


def _drawn(figure: Figure, form: Format) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format=form, bbox_inches="tight")
    return buffer.getvalue()


def surface(result: Surface, form: Format = "png", unit: str = "") -> bytes:
    """A polar plot: colours over wind components, circles of speed."""
    figure = _figure()
    axes = figure.add_subplot()
    top = float(result.u[-1])
    mesh = axes.pcolormesh(result.u, result.v, np.ma.masked_invalid(result.z), cmap=_COLOURS)
    for speed in _circles(top):
        axes.add_artist(_circle(speed))
        axes.text(speed * 0.71, speed * 0.71, f"{speed:g}", fontsize=7, color="#444444")
    _compass(axes, top)
    figure.colorbar(
        mesh, ax=axes, shrink=0.8, label=f"{result.statistic} {result.pollutant} {unit}".strip()
    )
    axes.set_title("wind speed, m/s", fontsize=8, loc="left")
    return _drawn(figure, form)


def _circles(top: float) -> list[float]:
    step = next((s for s in (0.5, 1, 2, 5, 10, 20) if top / s <= 6), 50)
    return [float(each) for each in np.arange(step, top + 1e-9, step)]


def _circle(radius: float) -> Any:
    angle = np.linspace(0, 2 * np.pi, 120)
    ring = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
    return Patch(ring, closed=True, fill=False, edgecolor="#888888", linewidth=0.5)


def _compass(axes: Any, top: float) -> None:
    for name, x, y in (("N", 0, 1), ("E", 1, 0), ("S", 0, -1), ("W", -1, 0)):
        axes.text(x * top * 1.06, y * top * 1.06, name, ha="center", va="center", fontsize=9)
    axes.set_xlim(-1.12 * top, 1.12 * top)
    axes.set_ylim(-1.12 * top, 1.12 * top)
    axes.set_aspect("equal")
    axes.axis("off")


def _polar(figure: Figure) -> Any:
    axes: Any = figure.add_subplot(projection="polar")
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    axes.set_xticks(np.radians(np.arange(0, 360, 45)), ["N", "NE", "E", "SE", "S", "SW", "W", "NW"])
    axes.tick_params(labelsize=8)
    return axes


def rose(result: Rose, form: Format = "png") -> bytes:
    """A wind or pollution rose: stacked percent of hours by direction."""
    figure = _figure(6.4, 5.0)
    axes = _polar(figure)
    sectors = result.table["wd"].unique().sort()
    width = np.radians(360 / max(len(sectors), 1)) * 0.9
    bottom = np.zeros(len(sectors))
    colours = colormaps[_COLOURS](np.linspace(0.1, 0.95, len(result.classes)))
    for name, colour in zip(result.classes, colours, strict=True):
        part = result.table.filter(pl.col("class") == name)
        height = (
            (pl.DataFrame({"wd": sectors}).join(part, on="wd", how="left", maintain_order="left"))[
                "percent"
            ]
            .fill_null(0)
            .to_numpy()
        )
        axes.bar(np.radians(sectors.to_numpy()), height, width, bottom, color=colour, label=name)
        bottom += height
    axes.legend(loc="center left", bbox_to_anchor=(1.08, 0.5), fontsize=7, title=result.quantity)
    axes.set_title(f"% of hours; calm {result.calm:.1f} %; mean {result.mean:.3g}", fontsize=8)
    return _drawn(figure, form)


def frequency(table: pl.DataFrame, form: Format = "png", label: str = "") -> bytes:
    """A polar frequency: coloured sectors by speed and direction (columns ``ws, wd, value``)."""
    figure = _figure(6.2, 5.0)
    axes = _polar(figure)
    speeds = table["ws"].unique().sort().to_numpy()
    step = float(np.diff(speeds).min()) if len(speeds) > 1 else 1.0
    directions = table["wd"].unique().sort().to_numpy()
    width = np.radians(float(np.diff(directions).min()) if len(directions) > 1 else 10.0)
    value = table["value"].to_numpy()
    top = float(np.nanmax(value)) or 1.0
    colours = colormaps[_COLOURS](np.sqrt(np.clip(value / top, 0, 1)))
    axes.bar(
        np.radians(table["wd"].to_numpy()),
        step,
        width,
        table["ws"].to_numpy() - step,
        color=colours,
    )
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import PowerNorm

    scale = ScalarMappable(PowerNorm(0.5, 0, top), _COLOURS)
    figure.colorbar(scale, ax=axes, shrink=0.75, pad=0.12, label=label)
    return _drawn(figure, form)


def annulus(result: Annulus, form: Format = "png") -> bytes:
    """A ring: direction round it, time outward."""
    figure = _figure(6.2, 5.0)
    axes = _polar(figure)
    radius = np.linspace(1, 2, len(result.time))
    mesh = axes.pcolormesh(
        np.radians(result.wd), radius, result.z, cmap=_COLOURS, shading="gouraud"
    )
    axes.set_ylim(0, 2)
    places = np.linspace(1, 2, 5)
    ticks = np.interp(places, radius, result.time)
    axes.set_yticks(places, [f"{each:.4g}" for each in ticks], fontsize=6)
    figure.colorbar(
        mesh, ax=axes, shrink=0.75, pad=0.12, label=f"{result.pollutant} by {result.period}"
    )
    return _drawn(figure, form)


def trend(
    series: pl.DataFrame,
    slope: float,
    lower: float,
    upper: float,
    form: Format = "png",
    label: str = "",
) -> bytes:
    """A series (``date, value`` and perhaps ``trend, lower, upper``) with its slope in words."""
    figure = _figure(7.4, 3.2)
    axes = figure.add_subplot()
    dates = series["date"].to_list()
    axes.plot(dates, series["value"].to_list(), "o-", color=_SHADE, markersize=3, linewidth=0.8)
    if "trend" in series.columns:
        axes.plot(dates, series["trend"].to_list(), color=_LINE)
        axes.fill_between(
            dates, series["lower"].to_list(), series["upper"].to_list(), color=_SHADE, alpha=0.4
        )
    else:
        x = series["date"].cast(pl.Date).cast(pl.Int32).to_numpy() / 365
        y = np.median(series["value"].to_numpy())
        for each, style in ((slope, "-"), (lower, "--"), (upper, "--")):
            axes.plot(dates, y + each * (x - np.median(x)), style, color="#C00000", linewidth=1)
        axes.set_title(f"{slope:.3g} [{lower:.3g}, {upper:.3g}] a year", fontsize=9)
    axes.set_ylabel(label)
    return _drawn(figure, form)


def variation(table: pl.DataFrame, form: Format = "png") -> bytes:
    """Mean by hour, weekday and month with intervals, one line a pollutant."""
    figure = _figure(9.0, 3.0)
    for place, by in enumerate(("hour", "weekday", "month"), 1):
        axes = figure.add_subplot(1, 3, place)
        for name, part in table.filter(pl.col("by") == by).group_by(
            "pollutant", maintain_order=True
        ):
            rows = part.sort("step")
            axes.plot(rows["step"], rows["mean"], label=name[0])
            axes.fill_between(rows["step"], rows["lower"], rows["upper"], alpha=0.3)
        axes.set_xlabel(by, fontsize=8)
        axes.tick_params(labelsize=7)
    axes.legend(fontsize=7)
    figure.tight_layout()
    return _drawn(figure, form)


def calendar(days: pl.DataFrame, form: Format = "png", label: str = "") -> bytes:
    """Twelve months of coloured days (of the first year in ``days``)."""
    figure = _figure(9.0, 6.0)
    year = days["year"][0]
    values = days["value"].drop_nulls().to_numpy()
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    for month in range(1, 13):
        axes = figure.add_subplot(3, 4, month)
        grid = np.full((6, 7), np.nan)
        part = days.filter((pl.col("month") == month) & (pl.col("year") == year))
        for row in part.iter_rows(named=True):
            if row["value"] is not None:
                grid[row["week"], row["weekday"] - 1] = row["value"]
            axes.text(
                row["weekday"] - 1, row["week"], row["day"], ha="center", va="center", fontsize=5
            )
        mesh = axes.imshow(np.ma.masked_invalid(grid), vmin=low, vmax=high, cmap="YlOrRd")
        axes.set_title(f"{year}-{month:02d}", fontsize=7)
        axes.axis("off")
    figure.colorbar(mesh, ax=figure.axes, shrink=0.6, label=label)
    return _drawn(figure, form)


def scatter(table: pl.DataFrame, x: str, y: str, form: Format = "png") -> bytes:
    """One column against another, with the line of equality and that of half and double."""
    figure = _figure(4.6, 4.4)
    axes = figure.add_subplot()
    axes.plot(table[x], table[y], ".", markersize=2, color=_LINE, alpha=0.4)
    top = float(np.nanmax(table.select(x, y).to_numpy().astype(float)))
    for factor, style in ((1, "-"), (0.5, "--"), (2, "--")):
        axes.plot([0, top], [0, factor * top], style, color="#888888", linewidth=0.8)
    axes.set(xlabel=x, ylabel=y, xlim=(0, top), ylim=(0, top))
    return _drawn(figure, form)


def sources(
    result: Inversion, places: np.ndarray, values: np.ndarray, form: Format = "png", title: str = ""
) -> bytes:
    """The samples, coloured by concentration, the 90 % region and the most likely places."""
    figure = _figure(6.2, 5.4)
    axes = figure.add_subplot()
    shade = np.sqrt(np.maximum(values, 0))
    dots = axes.scatter(
        places[:, 0],
        places[:, 1],
        c=shade,
        s=12,
        cmap="YlOrRd",
        edgecolors="#999999",
        linewidths=0.2,
    )
    for polygon in result.region90:
        axes.add_patch(
            Patch(np.array(polygon), closed=True, facecolor=_SHADE, edgecolor=_LINE, alpha=0.6)
        )
    for source in result.sources:
        axes.plot(source.x, source.y, "*", color="#C00000", markersize=12)
        axes.annotate(
            f"{source.rate:.3g} g/s",
            (source.x, source.y),
            fontsize=8,
            xytext=(6, 6),
            textcoords="offset points",
        )
    figure.colorbar(dots, ax=axes, label="sqrt concentration")
    axes.set(xlabel="x, m", ylabel="y, m", title=title)
    axes.set_aspect("equal")
    return _drawn(figure, form)


def grid_map(table: pl.DataFrame, value: str, form: Format = "png", label: str = "") -> bytes:
    """A value on cells given by ``lon, lat``."""
    figure = _figure(6.2, 5.0)
    axes = figure.add_subplot()
    dots = axes.scatter(table["lon"], table["lat"], c=table[value], s=14, marker="s", cmap=_COLOURS)
    figure.colorbar(dots, ax=axes, label=label or value)
    axes.set(xlabel="lon", ylabel="lat")
    return _drawn(figure, form)


def bars(
    names: Sequence[str], rows: dict[str, Sequence[float]], form: Format = "png", label: str = ""
) -> bytes:
    """Stacked bars: one a name, one colour a row."""
    figure = _figure(7.0, 3.4)
    axes = figure.add_subplot()
    bottom = np.zeros(len(names))
    for name, row in rows.items():
        axes.bar(names, row, bottom=bottom, label=name)
        bottom += np.asarray(row, dtype=float)
    axes.legend(fontsize=7)
    axes.set_ylabel(label)
    axes.tick_params(axis="x", labelrotation=60, labelsize=7)
    return _drawn(figure, form)
