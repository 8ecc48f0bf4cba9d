"""Micro-stations against a reference beside them: correlation, bias and drift by month, and a correction that expires.

The comparison that contracts and guides ask for: hourly pairs, at least 72; r, slope and intercept with the reference
on x, mean bias, MAPE, RMSE. Below r 0.85, or with a bias beyond 25 %, an instrument is recalibrated; below r 0.85
it stays out of every assessment (the thresholds are arguments).
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import theilslopes

from ecoledger.science.air_table import TableError, require

Array = NDArray[np.float64]
LEAST_R = 0.85
MOST_BIAS = 25.0
_LEAST_PAIRS = 72


def monthly(
    table: pl.DataFrame,
    sensor: str,
    reference: str,
    *,
    least_r: float = LEAST_R,
    most_bias: float = MOST_BIAS,
) -> pl.DataFrame:
    """One row a month: ``date, pairs, r, slope, intercept, bias, bias_percent, mape, rmse, drift, verdict, assessable``.

    ``bias`` in the data's unit, ``drift`` in its unit per 30 days (Theil-Sen of the daily bias), ``mape`` in percent of the
    reference where it is above 10. ``verdict``: good, recalibrate, or too_few (then not assessable). Hourly rows.
    """
    require(table, ("date", sensor, reference))
    rows = table.select("date", s=pl.col(sensor), r=pl.col(reference)).drop_nulls()
    rows = rows.filter(pl.col("s").is_finite() & pl.col("r").is_finite()).sort("date")
    if rows.is_empty():
        raise TableError(f"no hour has both {sensor} and {reference}")
    results = []
    for (month,), part in rows.group_by(pl.col("date").dt.truncate("1mo"), maintain_order=True):
        s, r = part["s"].to_numpy(), part["r"].to_numpy()
        results.append({"date": month} | _compare(part, s, r, least_r, most_bias))
    return pl.DataFrame(results, infer_schema_length=None)


def _compare(
    part: pl.DataFrame, s: Array, r: Array, least_r: float, most_bias: float
) -> dict[str, object]:
    n = len(s)
    bias = float((s - r).mean())
    percent = 100 * bias / float(r.mean()) if r.mean() > 0 else float("nan")
    high = r > 10
    varied = n > 2 and s.std() > 0 and r.std() > 0
    correlation = float(np.corrcoef(s, r)[0, 1]) if varied else None
    slope, intercept = (float(each) for each in np.polyfit(r, s, 1)) if varied else (None, None)
    daily = (
        part.group_by(pl.col("date").dt.date())
        .agg(bias=(pl.col("s") - pl.col("r")).mean(), n=pl.len())
        .filter(pl.col("n") >= 6)
        .sort("date")
    )
    drift = None
    if daily.height >= 7:
        days = daily["date"].cast(pl.Int32).to_numpy().astype(float)
        drift = 30 * float(theilslopes(daily["bias"].to_numpy(), days)[0])
    if n < _LEAST_PAIRS or correlation is None:
        verdict = "too_few" if n < _LEAST_PAIRS else "recalibrate"
    elif correlation < least_r or abs(percent) > most_bias:
        verdict = "recalibrate"
    else:
        verdict = "good"
    return {
        "pairs": n,
        "r": correlation,
        "slope": slope,
        "intercept": intercept,
        "bias": bias,
        "bias_percent": percent,
        "mape": 100 * float(np.mean(np.abs(s[high] - r[high]) / r[high])) if high.any() else None,
        "rmse": float(np.sqrt(np.mean((s - r) ** 2))),
        "drift": drift,
        "verdict": verdict,
        "assessable": bool(
            n >= _LEAST_PAIRS and correlation is not None and correlation >= least_r
        ),
    }


def correction(
    table: pl.DataFrame, sensor: str, reference: str, *, humidity: str | None = None
) -> tuple[pl.DataFrame, dict[str, float]]:
    """Coefficients that bring the sensor to the reference, and the table with ``<sensor>_corrected`` added.

    ``reference ≈ a + b·sensor (+ c·humidity)``, fitted to the smallest sum of absolute residuals (iteratively
    reweighted), so that single wild hours do not turn the line. Returns ``a, b, c, pairs, r_after``, the last on
    every second day, which the fit had not seen.
    """
    names = [sensor, *([humidity] if humidity else [])]
    require(table, ("date", reference, *names))
    rows = table.drop_nulls([reference, *names])
    if rows.height < _LEAST_PAIRS:
        raise TableError(f"{rows.height} pairs; a correction needs {_LEAST_PAIRS}")
    design = np.column_stack([np.ones(rows.height), rows.select(names).to_numpy()])
    target = rows[reference].to_numpy().astype(float)
    odd = rows["date"].dt.ordinal_day().to_numpy() % 2 == 1
    half = (
        _least_absolute(design[~odd], target[~odd]) if (~odd).any() else np.zeros(design.shape[1])
    )
    unseen = design[odd] @ half
    r_after = float(np.corrcoef(unseen, target[odd])[0, 1]) if odd.sum() > 2 else float("nan")
    whole = _least_absolute(design, target)
    expression = pl.lit(float(whole[0]))
    for name, coefficient in zip(names, whole[1:], strict=True):
        expression = expression + float(coefficient) * pl.col(name)
    coefficients = {
        "a": float(whole[0]),
        "b": float(whole[1]),
        "c": float(whole[2]) if humidity else 0.0,
        "pairs": float(rows.height),
        "r_after": r_after,
    }
    return table.with_columns(expression.alias(f"{sensor}_corrected")), coefficients


def _least_absolute(design: Array, target: Array) -> Array:
    weights = np.ones(len(target))
    solution: Array = np.zeros(design.shape[1])
    for _ in range(30):
        root = np.sqrt(weights)
        fit = np.linalg.lstsq(design * root[:, None], target * root, rcond=None)[0]
        solution = np.asarray(fit, dtype=np.float64)
        rest = np.abs(target - design @ solution)
        weights = 1 / np.maximum(rest, 0.01 * (rest.mean() + 1e-12))
    return solution
