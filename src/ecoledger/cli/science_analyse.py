"""``ecoledger analyse``: air quality data from CSV to CSV, as openair does in R.

Columns: ``date`` (start of the hour), ``ws`` (m/s), ``wd`` (degrees it comes from, or compass points) and pollutants;
the columns of the Beijing multi-site data and Chinese headers are understood too. What a header gives in another unit
is brought to μg/m³, CO to mg/m³ and wind to m/s. FILE may be gzipped; ``-``
reads standard input. Exit code: 0; 1 some cells could not be read; 2 nothing could be done.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import click
import polars as pl

from ecoledger.cli.science_files import (
    by_option,
    column_option,
    draw,
    echarts_option,
    file_argument,
    png_option,
    pollutant_option,
    read,
    refusals,
    write,
)


@click.group("analyse", help=__doc__)
def command() -> None:
    """Group of the analyses."""


def _keep_options(target: str | None, option: dict[str, Any]) -> None:
    if target:
        Path(target).write_text(json.dumps(option, ensure_ascii=False), encoding="utf-8")


def _groups(by: str | None) -> tuple[str, ...]:
    return (by.casefold(),) if by else ()


@command.command("average")
@file_argument
@click.option(
    "--to", "period", default="day", help="hour, day, week, month, quarter, year or such as 3h."
)
@click.option("--capture", default=0.0, help="Least percent of the steps that must have a value.")
@click.option(
    "--statistic",
    default="mean",
    help="mean, median, max, min, sum, sd, frequency, capture, percentile.",
)
@click.option("--percentile", default=95.0)
@by_option
@refusals
def average(
    file: str, period: str, capture: float, statistic: Any, percentile: float, by: str | None
) -> None:
    """Means over periods; wind direction as a vector."""
    from ecoledger.science import averages

    table = read(file, _groups(by))
    result = averages.average(
        table, period, capture=capture, statistic=statistic, percentile=percentile, by=_groups(by)
    )
    write(result)


@command.command("rolling")
@file_argument
@pollutant_option
@click.option("--hours", default=8)
@click.option("--align", type=click.Choice(["right", "left", "centre"]), default="right")
@click.option("--capture", default=75.0)
@by_option
@refusals
def rolling(
    file: str, pollutant: str, hours: int, align: Any, capture: float, by: str | None
) -> None:
    """Rolling means, labelled by their last hour unless told otherwise."""
    from ecoledger.science import averages

    write(
        averages.rolling(
            read(file, _groups(by)), pollutant, hours, align=align, capture=capture, by=_groups(by)
        )
    )


@command.command("runs")
@file_argument
@pollutant_option
@click.option("--threshold", type=float, required=True)
@click.option("--length", default=5, help="Least number of steps in a row.")
@click.option("--below", is_flag=True)
@refusals
def runs(file: str, pollutant: str, threshold: float, length: int, below: bool) -> None:
    """Spells above (or below) a level."""
    from ecoledger.science import averages

    write(averages.runs(read(file), pollutant, threshold, length=length, above=not below))


@command.command("trend")
@file_argument
@pollutant_option
@click.option("--deseason", is_flag=True, help="Take out the season (STL) first.")
@click.option("--autocorrelation", is_flag=True, help="Bootstrap in blocks.")
@click.option("--statistic", default="mean")
@click.option("--percentile", default=95.0)
@click.option("--capture", default=0.0)
@click.option("--period", type=click.Choice(["month", "year"]), default="month")
@click.option(
    "--smooth", is_flag=True, help="The smooth trend instead: date, value, trend, lower, upper."
)
@png_option
@echarts_option
@refusals
def trend(
    file: str,
    pollutant: str,
    smooth: bool,
    picture: str | None,
    echarts: str | None,
    **options: Any,
) -> None:
    """Theil-Sen slope a year with its 95 % interval, or a smooth trend."""
    from ecoledger.science import echarts as pages
    from ecoledger.science import figures, trends

    table = read(file)
    if smooth:
        del options["autocorrelation"], options["period"]
        series = trends.smooth_trend(table, pollutant, **options)
        draw(
            picture,
            lambda: figures.trend(series, 0, 0, 0, figures.format_of(picture or ""), pollutant),
        )
        _keep_options(echarts, pages.series(series, ["value", "trend"]))
        write(series)
        return
    result = trends.theil_sen(table, pollutant, **options)
    bounds = (result.slope, result.lower, result.upper)
    draw(
        picture,
        lambda: figures.trend(result.series, *bounds, figures.format_of(picture or ""), pollutant),
    )
    _keep_options(echarts, pages.series(result.series, ["value"]))
    write(
        pl.DataFrame(
            {
                "slope": [result.slope],
                "lower": [result.lower],
                "upper": [result.upper],
                "p": [result.p],
                "stars": [result.stars],
                "intercept": [result.intercept],
                "slope_percent": [result.percent],
                "lower_percent": [result.lower_percent],
                "upper_percent": [result.upper_percent],
                "periods": [result.series.height],
            }
        )
    )


@command.command("polar")
@file_argument
@pollutant_option
@click.option(
    "--statistic",
    default="mean",
    help="mean, median, max, sd, frequency, weighted_mean, percentile, cpf, cpf_interval, nwr, r, slope, intercept.",
)
@click.option(
    "--percentile", default="90", help="Of cpf and percentile; two for cpf_interval, such as 75,90."
)
@column_option("--against", default=None, help="The second pollutant of r, slope and intercept.")
@click.option("--cells", default=201, help="Cells along a side of the grid.")
@click.option("--terms", default=100, help="Degrees of freedom of the surface at most.")
@click.option("--min-bin", default=1, help="Bins with fewer hours are left out.")
@png_option
@echarts_option
@refusals
def polar(
    file: str,
    pollutant: str,
    statistic: Any,
    percentile: str,
    against: str | None,
    cells: int,
    terms: int,
    min_bin: int,
    picture: str | None,
    echarts: str | None,
) -> None:
    """Concentration over wind components: u, v, z."""
    from ecoledger.science import echarts as pages
    from ecoledger.science import figures, polar_plot

    table = read(file)
    if statistic == "nwr":
        result = polar_plot.nonparametric_regression(table, pollutant, cells=cells)
    elif statistic in ("r", "slope", "intercept"):
        if against is None:
            raise click.UsageError(f"{statistic} needs a second pollutant: --against COLUMN")
        result = polar_plot.pair_statistic(table, pollutant, against, statistic, cells=cells)
    else:
        levels = tuple(float(each) for each in percentile.split(","))
        result = polar_plot.polar_plot(
            table,
            pollutant,
            statistic,
            percentile=levels[0] if len(levels) == 1 else (levels[0], levels[1]),
            cells=cells,
            k=terms,
            min_bin=min_bin,
        )
    draw(picture, lambda: figures.surface(result, figures.format_of(picture or "")))
    _keep_options(echarts, pages.surface(result) if echarts else {})
    write(result.table())


@command.command("polar-frequency")
@file_argument
@column_option("--pollutant", default=None, help="Without one, hours are counted.")
@click.option("--statistic", default=None, help="mean, median, max, sd, frequency, weighted_mean.")
@click.option("--directions", default=36)
@click.option("--speed-step", default=1.0)
@click.option("--min-bin", default=1)
@png_option
@echarts_option
@refusals
def polar_frequency(
    file: str,
    pollutant: str | None,
    statistic: Any,
    directions: int,
    speed_step: float,
    min_bin: int,
    picture: str | None,
    echarts: str | None,
) -> None:
    """By classes of speed and direction: ws, wd, weights (square root, as openair), value, count."""
    from ecoledger.science import echarts as pages
    from ecoledger.science import figures, roses

    result = roses.polar_frequency(
        read(file),
        pollutant,
        statistic,
        directions=directions,
        speed_step=speed_step,
        min_bin=min_bin,
    )
    draw(
        picture,
        lambda: figures.frequency(result, figures.format_of(picture or ""), pollutant or "hours"),
    )
    _keep_options(echarts, pages.frequency(result))
    write(result)


@command.command("rose")
@file_argument
@column_option(
    "--pollutant", default=None, help="A pollution rose of this; without it a wind rose."
)
@click.option("--angle", default=30.0)
@click.option("--breaks", default=None, help="Lower ends of the classes, such as 0,2,4,6.")
@png_option
@echarts_option
@refusals
def rose(
    file: str,
    pollutant: str | None,
    angle: float,
    breaks: str | None,
    picture: str | None,
    echarts: str | None,
) -> None:
    """Percent of hours by direction and class: wd, class, percent. Calm hours have no direction."""
    from ecoledger.science import echarts as pages
    from ecoledger.science import figures, roses

    table = read(file)
    levels = [float(each) for each in breaks.split(",")] if breaks else None
    if pollutant:
        result = roses.pollution_rose(table, pollutant, angle=angle, breaks=levels)
    else:
        result = roses.wind_rose(table, angle=angle, breaks=levels or roses.SPEEDS)
    draw(picture, lambda: figures.rose(result, figures.format_of(picture or "")))
    _keep_options(echarts, pages.rose(result))
    calm = pl.DataFrame(
        {"wd": [None], "class": ["calm"], "percent": [result.calm]},
        schema_overrides={"wd": pl.Float64},
    )
    write(pl.concat([result.table, calm]))


@command.command("percentile-rose")
@file_argument
@pollutant_option
@click.option("--percentiles", default="25,50,75,90,95")
@click.option("--angle", default=10.0)
@refusals
def percentile_rose(file: str, pollutant: str, percentiles: str, angle: float) -> None:
    """Percentiles by wind direction."""
    from ecoledger.science import roses

    levels = [float(each) for each in percentiles.split(",")]
    write(roses.percentile_rose(read(file), pollutant, percentiles=levels, angle=angle))


@command.command("annulus")
@file_argument
@pollutant_option
@click.option("--period", type=click.Choice(["hour", "season", "weekday", "trend"]), default="hour")
@png_option
@echarts_option
@refusals
def annulus(
    file: str, pollutant: str, period: Any, picture: str | None, echarts: str | None
) -> None:
    """Concentration by wind direction and time: wd, time, z."""
    from ecoledger.science import echarts as pages
    from ecoledger.science import figures, polar_annulus

    result = polar_annulus.polar_annulus(read(file), pollutant, period)
    draw(picture, lambda: figures.annulus(result, figures.format_of(picture or "")))
    _keep_options(echarts, pages.annulus(result) if echarts else {})
    write(result.table())


@command.command("cluster")
@file_argument
@pollutant_option
@click.option("--clusters", default=6)
@click.option("--hours", is_flag=True, help="Each hour's cluster instead of each cell's.")
@click.option("--contributions", is_flag=True, help="Each cluster's share instead of each cell.")
@refusals
def cluster(file: str, pollutant: str, clusters: int, hours: bool, contributions: bool) -> None:
    """Wind conditions in groups of like concentration: u, v, z, cluster."""
    from ecoledger.science import polar_cluster

    table = read(file)
    cells, _ = polar_cluster.polar_cluster(table, pollutant, clusters)
    if hours or contributions:
        assigned = polar_cluster.assign(table, cells, pollutant)
        write(polar_cluster.contributions(assigned, pollutant) if contributions else assigned)
    else:
        write(cells)


@command.command("variation")
@file_argument
@column_option("--pollutant", "pollutants", multiple=True, required=True)
@click.option("--normalise", is_flag=True)
@png_option
@echarts_option
@refusals
def variation(
    file: str,
    pollutants: tuple[str, ...],
    normalise: bool,
    picture: str | None,
    echarts: str | None,
) -> None:
    """Means by hour, weekday and month, with intervals."""
    from ecoledger.science import echarts as pages
    from ecoledger.science import figures
    from ecoledger.science import variation as variations

    result = variations.time_variation(read(file), pollutants, normalise=normalise)
    draw(picture, lambda: figures.variation(result, figures.format_of(picture or "")))
    _keep_options(echarts, pages.variation(result))
    write(result)


@command.command("calendar")
@file_argument
@pollutant_option
@click.option("--year", type=int, default=None)
@click.option("--capture", default=75.0)
@click.option("--breaks", default="", help="Upper ends of the classes, such as 35,75,115.")
@png_option
@echarts_option
@refusals
def calendar(
    file: str,
    pollutant: str,
    year: int | None,
    capture: float,
    breaks: str,
    picture: str | None,
    echarts: str | None,
) -> None:
    """Day means for a calendar."""
    from ecoledger.science import echarts as pages
    from ecoledger.science import figures
    from ecoledger.science import variation as variations

    levels = [float(each) for each in breaks.split(",") if each]
    result = variations.calendar(read(file), pollutant, year=year, capture=capture, breaks=levels)
    draw(picture, lambda: figures.calendar(result, figures.format_of(picture or ""), pollutant))
    _keep_options(echarts, pages.calendar(result))
    write(result)


@command.command("smooth")
@file_argument
@pollutant_option
@click.option("--method", type=click.Choice(["kz", "kza", "whittaker", "baseline"]), default="kz")
@click.option("--window", default=15, help="Steps of a moving average (kz, kza).")
@click.option("--passes", default=3, help="Moving averages one after another (kz, kza).")
@click.option(
    "--smoothing",
    type=float,
    default=None,
    help="λ of whittaker (by cross-validation) and baseline (1e5).",
)
@refusals
def smooth(
    file: str, pollutant: str, method: str, window: int, passes: int, smoothing: float | None
) -> None:
    """A filtered series and what the filter leaves: date, value, smooth, rest."""
    from ecoledger.science import averages, filters

    series = averages.complete(read(file).select("date", pollutant).sort("date"))
    values = series[pollutant].cast(pl.Float64).to_numpy()
    fit = {
        "kz": lambda: filters.kz(values, window, passes),
        "kza": lambda: filters.kza(values, window, passes),
        "whittaker": lambda: filters.whittaker(values, smoothing),
        "baseline": lambda: filters.baseline(values, smoothing or 1e5),
    }[method]()
    write(
        pl.DataFrame(
            {"date": series["date"], pollutant: values, "smooth": fit, "rest": values - fit}
        )
    )


@command.command("model-stats")
@file_argument
@column_option("--observed", required=True)
@column_option("--modelled", required=True)
@by_option
@png_option
@refusals
def model_stats(
    file: str, observed: str, modelled: str, by: str | None, picture: str | None
) -> None:
    """n, FAC2, MB, MGE, NMB, NMGE, RMSE, r, P, COE, IOA."""
    from ecoledger.science import figures, model_statistics

    table = read(file, _groups(by))
    draw(
        picture,
        lambda: figures.scatter(table, observed, modelled, figures.format_of(picture or "")),
    )
    write(model_statistics.evaluate(table, observed, modelled, by and by.casefold()))


@command.command("compare")
@file_argument
@pollutant_option
@click.option("--change", required=True, help="The day from which the measure holds, YYYY-MM-DD.")
@click.option("--until", default=None, help="The last day of the comparison.")
@click.option(
    "--exclude", default="", help="Columns that the measure itself may change, such as no2,co."
)
@refusals
def compare(file: str, pollutant: str, change: str, until: str | None, exclude: str) -> None:
    """Before and after a measure with the weather taken out; the model's skill stands beside the effect."""
    from ecoledger.science import weather_removed

    table = read(file)
    result = weather_removed.effect(
        table,
        pollutant,
        date.fromisoformat(change),
        until=date.fromisoformat(until) if until else None,
        exclude=tuple(each for each in exclude.split(",") if each),
    )
    write(result.table())


@command.command("regional")
@file_argument
@pollutant_option
@click.option("--background", default="", help="Background stations, separated by commas.")
@click.option("--summary", "summarised", is_flag=True, help="Means by station instead of hours.")
@refusals
def regional(file: str, pollutant: str, background: str, summarised: bool) -> None:
    """Each station's hour as regional background, city increment and local increment (date, station, pollutant)."""
    from ecoledger.science import regional_share

    stations = [each.strip() for each in background.split(",") if each.strip()]
    parts = regional_share.split(read(file), pollutant, background=stations)
    write(regional_share.summary(parts) if summarised else parts)


@command.command("co-location")
@file_argument
@column_option("--sensor", required=True, help="The micro-station's column.")
@column_option("--reference", required=True, help="The reference's column.")
@click.option("--least-r", default=0.85)
@click.option("--most-bias", default=25.0, help="Percent.")
@refusals
def co_location(file: str, sensor: str, reference: str, least_r: float, most_bias: float) -> None:
    """Monthly r, slope, bias, drift and verdict of a micro-station against a reference."""
    from ecoledger.science import co_location as comparison

    write(comparison.monthly(read(file), sensor, reference, least_r=least_r, most_bias=most_bias))


@command.command("factors")
@file_argument
@click.option(
    "--errors",
    required=True,
    type=click.Path(exists=True, dir_okay=False),
    help="CSV of uncertainties with the same columns.",
)
@click.option("--factors", "number", default=5)
@click.option("--starts", default=10)
@click.option(
    "--bootstrap", "draws", default=0, help="Draws; with them low, median and high of each profile."
)
@click.option(
    "--contributions", is_flag=True, help="The contributions by sample instead of the profiles."
)
@png_option
@refusals
def factors(
    file: str,
    errors: str,
    number: int,
    starts: int,
    draws: int,
    contributions: bool,
    picture: str | None,
) -> None:
    """Receptor model (PMF): profiles of sources from samples × species."""
    from ecoledger.science import air_table, figures, receptor_model

    values, uncertain = read(file), read(errors)
    species = [name for name in air_table.numeric(values) if name in uncertain.columns]
    x, u = (table.select(species).cast(pl.Float64).to_numpy() for table in (values, uncertain))
    result = receptor_model.factorise(x, u, number, species=tuple(species), starts=starts)
    click.echo(
        f"Q {result.q:.6g}, expected {result.q_expected:.6g}; starts {', '.join(f'{q:.6g}' for q in result.starts)}",
        err=True,
    )
    share = 100 * result.profile / result.profile.sum(axis=0)
    rows = {f"factor {i + 1}": share[i].tolist() for i in range(number)}
    draw(
        picture,
        lambda: figures.bars(species, rows, figures.format_of(picture or ""), "% of species"),
    )
    if contributions:
        first = (
            values.select("date")
            if "date" in values.columns
            else pl.DataFrame({"sample": range(len(x))})
        )
        write(
            first.with_columns(
                **{f"factor{i + 1}": result.contribution[:, i] for i in range(number)}
            )
        )
    elif draws:
        again = receptor_model.bootstrap(x, u, result, draws=draws)
        click.echo(
            f"found again: {', '.join(f'{100 * each:.0f} %' for each in again.mapped)}", err=True
        )
        write(again.table)
    else:
        write(result.table())


@command.command("trajectories")
@file_argument
@pollutant_option
@click.option(
    "--statistic",
    type=click.Choice(["frequency", "pscf", "cwt", "sqtba", "cluster"]),
    default="cwt",
)
@click.option(
    "--observations",
    default=None,
    type=click.Path(exists=True, dir_okay=False),
    help="CSV of hours at the receptor where the trajectories lack the pollutant.",
)
@click.option("--percentile", default=90.0)
@click.option("--cell", default=1.0, help="Degrees.")
@click.option("--clusters", default=5)
@png_option
@refusals
def trajectories(
    file: str,
    pollutant: str,
    statistic: Any,
    observations: str | None,
    percentile: float,
    cell: float,
    clusters: int,
    picture: str | None,
) -> None:
    """PSCF, CWT, SQTBA, frequency or clusters of given back trajectories (date, hour_inc, lon, lat)."""
    from ecoledger.science import figures
    from ecoledger.science import trajectories as paths

    table = read(file)
    table = table.rename(
        {
            old: "hour_inc"
            for old in ("hour.inc", "hour")
            if old in table.columns and "hour_inc" not in table.columns
        }
    )
    if observations:
        table = paths.join(table, read(observations), pollutant)
    if statistic == "cluster":
        write(paths.clusters(table, clusters)[1])
        return
    if statistic == "sqtba":
        result = paths.sqtba(table, pollutant, cell=cell)
    else:
        result = paths.level(table, pollutant, statistic, percentile=percentile, cell=cell)
    draw(
        picture,
        lambda: figures.grid_map(
            result, "value", figures.format_of(picture or ""), f"{statistic} {pollutant}"
        ),
    )
    write(result)
