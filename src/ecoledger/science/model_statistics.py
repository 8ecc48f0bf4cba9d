"""How well modelled values meet observed ones: the usual statistics of air quality models.

Source: openair ``modStats``; Willmott et al. 2012 (doi:10.1002/joc.2419) for IOA; Legates & McCabe 2013
(doi:10.1002/joc.3487) for COE.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import pearsonr

from ecoledger.science.air_table import TableError, require

NAMES = ("n", "FAC2", "MB", "MGE", "NMB", "NMGE", "RMSE", "r", "P", "COE", "IOA")


def statistics(
    observed: NDArray[np.float64], modelled: NDArray[np.float64]
) -> dict[str, float | int | None]:
    """Over pairs with both known. MB, MGE, RMSE in the data's unit; FAC2, NMB, NMGE, COE, IOA are shares.

    ``FAC2``: share of pairs with 0.5 ≤ M/O ≤ 2; ``MB = Σ(M−O)/n``; ``NMB = Σ(M−O)/ΣO``; ``COE = 1 − Σ|M−O|/Σ|O−Ō|``;
    ``IOA``: refined index of agreement, −1 to 1. ``None`` where it is not defined (``r`` of a constant).
    """
    both = np.isfinite(observed) & np.isfinite(modelled)
    o, m = observed[both], modelled[both]
    n = len(o)
    if n == 0:
        return dict.fromkeys(NAMES, None) | {"n": 0}
    error, spread = float(np.abs(m - o).sum()), float(np.abs(o - o.mean()).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = m / o
    ratio = ratio[~np.isnan(ratio)]
    total = float(o.sum())
    r: float | None = None
    p: float | None = None
    if n > 2 and o.std() > 0 and m.std() > 0:
        r, p = (float(each) for each in pearsonr(m, o))
    ioa = None
    if spread > 0:
        ioa = 1 - error / (2 * spread) if error <= 2 * spread else 2 * spread / error - 1
    return {
        "n": n,
        "FAC2": float(np.mean((ratio >= 0.5) & (ratio <= 2))) if len(ratio) else None,
        "MB": float((m - o).mean()),
        "MGE": error / n,
        "NMB": float((m - o).sum()) / total if total else None,
        "NMGE": error / total if total else None,
        "RMSE": float(np.sqrt(np.mean((m - o) ** 2))),
        "r": r,
        "P": p,
        "COE": 1 - error / spread if spread else None,
        "IOA": ioa,
    }


def evaluate(
    table: pl.DataFrame, observed: str, modelled: str, by: str | None = None
) -> pl.DataFrame:
    """:func:`statistics` of two columns, one row a group of ``by``, best COE first."""
    require(table, (observed, modelled, *([by] if by else [])))
    if table.is_empty():
        raise TableError("the table has no rows")
    rows = []
    for key, part in table.group_by(by, maintain_order=True) if by else [((), table)]:
        o, m = (part[name].cast(pl.Float64).to_numpy() for name in (observed, modelled))
        rows.append(({by: key[0]} if by else {}) | statistics(o, m))
    result = pl.DataFrame(rows, infer_schema_length=None)
    return result.sort("COE", descending=True, nulls_last=True) if by else result
