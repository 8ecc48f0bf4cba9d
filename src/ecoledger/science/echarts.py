"""The same pictures as option dictionaries for ECharts: plain data that JSON can carry to a page."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.science.plume_inversion import Inversion
from ecoledger.science.polar_annulus import Annulus
from ecoledger.science.polar_plot import Surface
from ecoledger.science.roses import Rose

Option = dict[str, Any]
_SCALE = ("#30123b", "#4686fb", "#1ae4b6", "#a2fc3c", "#faba39", "#e4460a", "#7a0403")


def _visual(low: float, high: float) -> Option:
    return {
        "min": low,
        "max": high,
        "calculable": True,
        "orient": "vertical",
        "right": 0,
        "top": "middle",
        "inRange": {"color": list(_SCALE)},
    }


def surface(result: Surface) -> Option:
    """A polar plot as a heat map of wind components; empty cells are left out."""
    rows = result.table().drop_nulls("z")
    step = len(result.u)
    u = ((rows["u"] - result.u[0]) / (result.u[1] - result.u[0])).round().cast(pl.Int64)
    v = ((rows["v"] - result.v[0]) / (result.v[1] - result.v[0])).round().cast(pl.Int64)
    z = rows["z"].round_sig_figs(4)
    names = [f"{each:.1f}" for each in result.u]
    hidden = {"show": False}
    return {
        "xAxis": {"type": "category", "data": names, "name": "E"} | hidden,
        "yAxis": {"type": "category", "data": names, "name": "N"} | hidden,
        "grid": {"width": step, "height": step},
        "visualMap": _visual(float(z.min() or 0), float(z.max() or 1)),  # type: ignore[arg-type]
        "tooltip": {},
        "series": [
            {
                "type": "heatmap",
                "name": f"{result.statistic} {result.pollutant}",
                "data": [list(each) for each in zip(u, v, z, strict=True)],
                "progressive": 5000,
            }
        ],
    }


def rose(result: Rose) -> Option:
    """A wind or pollution rose as stacked polar bars."""
    sectors = result.table["wd"].unique().sort().to_list()
    series = []
    for name in result.classes:
        part = result.table.filter(pl.col("class") == name)
        percent = dict(zip(part["wd"], part["percent"], strict=True))
        series.append(
            {
                "type": "bar",
                "name": name,
                "stack": "rose",
                "coordinateSystem": "polar",
                "data": [round(percent.get(each, 0.0), 3) for each in sectors],
            }
        )
    angle = 360 / max(len(sectors), 1)
    return {
        "polar": {},
        "angleAxis": {
            "type": "category",
            "data": [f"{each:g}°" for each in sectors],
            "startAngle": 90 - sectors[0] + angle / 2 if sectors else 90,
        },
        "radiusAxis": {"axisLabel": {"formatter": "{value}%"}},
        "legend": {"data": list(result.classes)},
        "tooltip": {},
        "series": series,
    }


def annulus(result: Annulus) -> Option:
    """The ring unrolled: direction across, time up."""
    data = [
        [column, row, float(f"{result.z[row, column]:.4g}")]
        for row in range(len(result.time))
        for column in range(len(result.wd))
    ]
    return {
        "xAxis": {"type": "category", "data": [f"{each:g}" for each in result.wd], "name": "°"},
        "yAxis": {"type": "category", "data": [f"{each:.4g}" for each in result.time]},
        "visualMap": _visual(float(result.z.min()), float(result.z.max())),
        "series": [{"type": "heatmap", "name": result.pollutant, "data": data}],
    }


def frequency(table: pl.DataFrame) -> Option:
    """Polar frequency: direction across, speed up."""
    value = table["value"].round_sig_figs(4)
    points = zip(table["wd"], table["ws"], value, strict=True)
    return {
        "xAxis": {"type": "value", "min": 0, "max": 360, "name": "°"},
        "yAxis": {"type": "value", "name": "m/s"},
        "visualMap": _visual(0.0, float(value.max() or 1)),  # type: ignore[arg-type]
        "series": [
            {
                "type": "scatter",
                "symbol": "rect",
                "symbolSize": 12,
                "data": [list(p) for p in points],
            }
        ],
    }


def series(table: pl.DataFrame, names: list[str]) -> Option:
    """Lines over time; ``lower`` and ``upper``, where the table has them, as a band."""
    dates = table["date"].cast(pl.String).to_list()
    lines: list[Option] = [
        {"type": "line", "name": name, "showSymbol": False, "data": table[name].to_list()}
        for name in names
    ]
    if {"lower", "upper"} <= set(table.columns):
        band = {"type": "line", "stack": "band", "showSymbol": False, "lineStyle": {"opacity": 0}}
        lines += [
            band | {"name": "lower", "data": table["lower"].to_list()},
            band
            | {
                "name": "upper",
                "areaStyle": {"opacity": 0.2},
                "data": (table["upper"] - table["lower"]).to_list(),
            },
        ]
    return {
        "xAxis": {"type": "category", "data": dates},
        "yAxis": {"type": "value", "scale": True},
        "tooltip": {"trigger": "axis"},
        "legend": {},
        "dataZoom": [{"type": "inside"}],
        "series": lines,
    }


def variation(table: pl.DataFrame, by: str = "hour") -> Option:
    """Means by hour, weekday or month, one line a pollutant."""
    rows = table.filter(pl.col("by") == by).sort("step")
    steps = rows["step"].unique().sort().to_list()
    lines = []
    for name, part in rows.group_by("pollutant", maintain_order=True):
        mean = dict(zip(part["step"], part["mean"], strict=True))
        lines.append({"type": "line", "name": name[0], "data": [mean.get(each) for each in steps]})
    return {
        "xAxis": {"type": "category", "data": steps, "name": by},
        "yAxis": {"type": "value", "scale": True},
        "legend": {},
        "series": lines,
    }


def calendar(days: pl.DataFrame) -> Option:
    """Days of a year on ECharts' calendar."""
    known = days.drop_nulls("value")
    values = known["value"]
    return {
        "calendar": {"range": str(days["year"][0]), "dayLabel": {"firstDay": 1}},
        "visualMap": _visual(float(values.min() or 0), float(values.max() or 1)),  # type: ignore[arg-type]
        "series": [
            {
                "type": "heatmap",
                "coordinateSystem": "calendar",
                "data": [
                    [str(d), float(f"{v:.4g}")] for d, v in zip(known["date"], values, strict=True)
                ],
            }
        ],
    }


def sources(result: Inversion, places: np.ndarray, values: np.ndarray) -> Option:
    """Samples, region and sources on plain axes in metres."""
    custom = [
        {
            "type": "line",
            "name": "90 %",
            "showSymbol": False,
            "areaStyle": {},
            "data": [list(p) for p in polygon],
        }
        for polygon in result.region90
    ]
    samples = [[float(x), float(y), float(c)] for (x, y), c in zip(places, values, strict=True)]
    stars = [[each.x, each.y, each.rate] for each in result.sources]
    return {
        "xAxis": {"type": "value", "scale": True, "name": "m"},
        "yAxis": {"type": "value", "scale": True, "name": "m"},
        "series": [
            {"type": "scatter", "name": "samples", "symbolSize": 5, "data": samples},
            *custom,
            {"type": "scatter", "name": "source", "symbol": "pin", "symbolSize": 24, "data": stars},
        ],
    }
