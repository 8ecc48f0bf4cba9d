"""Who upstream could have caused it: search against the flow with travel times.

A network is a table of edges in the direction of flow: ``from_node, to_node, length`` (m) and, where known, ``speed`` (m/s)
of each reach. Reaches without a speed take the one given. Travel time is ``length / speed``; SciPy's Dijkstra
finds the fastest way, so that loops and parallel channels are no trouble.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.science.air_table import TableError, require

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Array = NDArray[np.float64]


def _matrix(edges: pl.DataFrame, column: str) -> tuple[csr_array, list[str]]:
    """Against the flow: row = downstream node, column = upstream node."""
    # Loaded when it is needed: every start of a program that names this module would wait for it.
    from scipy.sparse import csr_array

    names = sorted(set(edges["from_node"].to_list()) | set(edges["to_node"].to_list()))
    number = {name: index for index, name in enumerate(names)}
    shortest = edges.group_by("from_node", "to_node").agg(pl.col(column).min())
    rows = [number[each] for each in shortest["to_node"]]
    columns = [number[each] for each in shortest["from_node"]]
    # Dijkstra takes a zero as "no edge".
    weights = np.maximum(shortest[column].to_numpy().astype(float), 1e-9)
    return csr_array((weights, (rows, columns)), shape=(len(names), len(names))), names


def _checked(edges: pl.DataFrame) -> pl.DataFrame:
    require(edges, ("from_node", "to_node", "length"))
    numbers = [name for name in ("length", "speed") if name in edges.columns]
    said = edges.select(pl.col(numbers).is_not_null())
    edges = edges.with_columns(
        pl.col("from_node", "to_node").cast(pl.String),
        pl.col(numbers).cast(pl.Float64, strict=False),
    )
    # Of what is not written no time follows: it would make a way as short, or as long, as nobody measured.
    wrong = {
        "no node at an end": pl.col("from_node").is_null() | pl.col("to_node").is_null(),
        "no length, or one below 0 (a weir or pump has 0)": ~pl.col("length")
        .ge(0)
        .fill_null(value=False),
    }
    if "speed" in edges.columns:
        flows = pl.col("speed").gt(0).fill_null(value=False)
        wrong["a speed that is not above 0"] = ~flows & pl.lit(said["speed"])
    for what, which in wrong.items():
        bad = edges.with_row_index("_row", 1).filter(which)
        if bad.height:
            row, first = bad["_row"][0], bad.select("from_node", "to_node").row(0)
            raise TableError(
                f"{bad.height} edges have {what}, the first from {first[0]!r} to {first[1]!r} in row {row}"
            )
    return edges


def upstream(
    edges: pl.DataFrame,
    node: str,
    *,
    speed: float = 0.5,
    uncertainty: float = 0.5,
    hours: float | None = None,
    seen: datetime | None = None,
) -> pl.DataFrame:
    """Every node upstream of ``node``, nearest in time first.

    Columns ``node, distance`` (m along the fastest way), ``hours`` of travel, ``hours_low, hours_high`` for speeds ``1 ±
    uncertainty`` times as high, and with ``seen`` the span ``released_from, released_to`` in which a discharge there would
    have been seen then. ``speed`` in m/s where a reach has none; ``hours`` ends the search (by ``hours_low``). The node
    itself is in with zero. Raises :class:`TableError` for a node that is not in the network.
    """
    from scipy.sparse.csgraph import dijkstra  # as above

    if speed <= 0 or not 0 <= uncertainty < 1:
        raise TableError("the speed must be positive and its uncertainty a share below 1")
    edges = _checked(edges)
    own = pl.col("speed").fill_null(speed) if "speed" in edges.columns else pl.lit(speed)
    edges = edges.with_columns(_hours=pl.col("length") / own / 3600)
    matrix, names = _matrix(edges, "_hours")
    if node not in names:
        raise TableError(f"node {node!r} is not in the network; it has {', '.join(names[:8])} …")
    start = names.index(node)
    time, before = dijkstra(matrix, indices=start, return_predecessors=True)
    lengths, _ = _matrix(edges, "length")
    lengths = lengths.tocsr()
    reached = np.flatnonzero(np.isfinite(time))
    distance = {start: 0.0}
    for index in reached[np.argsort(time[reached])]:
        if index != start:
            down = int(before[index])
            distance[int(index)] = distance[down] + float(lengths[down, int(index)])
    order = reached[np.argsort(time[reached], kind="stable")]
    exact = np.where(time[order] < 1e-6, 0.0, time[order])
    result = pl.DataFrame(
        {
            "node": [names[index] for index in order],
            "distance": [distance[int(index)] for index in order],
            "hours": exact,
            "hours_low": exact / (1 + uncertainty),
            "hours_high": exact / (1 - uncertainty),
        }
    )
    if hours is not None:
        result = result.filter(pl.col("hours_low") <= hours)
    if seen is not None:
        result = result.with_columns(
            released_from=pl.Series(
                [seen - timedelta(hours=each) for each in result["hours_high"]]
            ),
            released_to=pl.Series([seen - timedelta(hours=each) for each in result["hours_low"]]),
        )
    return result


def downstream(
    edges: pl.DataFrame, node: str, *, speed: float = 0.5, uncertainty: float = 0.5
) -> pl.DataFrame:
    """Where a discharge goes and when it arrives: as :func:`upstream`, with the flow."""
    turned = edges.rename({"from_node": "to_node", "to_node": "from_node"})
    return upstream(turned, node, speed=speed, uncertainty=uncertainty)


def suspects(
    edges: pl.DataFrame,
    node: str,
    sources: pl.DataFrame,
    seen: datetime,
    *,
    speed: float = 0.5,
    uncertainty: float = 0.5,
    decay: float = 0.0,
) -> pl.DataFrame:
    """Sources (``source, node``, perhaps ``load``) upstream of ``node``, with the span in which each must have discharged.

    ``reach``: the share of a load that is left on arrival, ``exp(−decay·hours/24)`` with ``decay`` per day; ``weight``: ``load·reach``
    (load 1 where none is given), which orders the list.
    """
    require(sources, ("source", "node"))
    ways = upstream(edges, node, speed=speed, uncertainty=uncertainty, seen=seen)
    load = pl.col("load").fill_null(0.0) if "load" in sources.columns else pl.lit(1.0)
    return (
        sources.with_columns(pl.col("node").cast(pl.String))
        .join(ways, on="node")
        .with_columns(reach=(-decay * pl.col("hours") / 24).exp())
        .with_columns(weight=load * pl.col("reach"))
        .sort("weight", "hours", descending=[True, False])
    )


def pulse(
    distance: float,
    hours: Array,
    mass: float,
    *,
    speed: float,
    flow: float,
    dispersion: float = 10.0,
    decay: float = 0.0,
) -> Array:
    """Concentration (mg/L) at ``distance`` (m) ``hours`` after ``mass`` (kg) went in at once: advection, dispersion, decay.

    ``c = M/(A·√(4πDt)) · exp(−(x − ut)²/4Dt) · exp(−kt)`` with ``A = flow/speed`` (m³/s, m/s), D in m²/s, k per day.
    """
    seconds = np.maximum(np.asarray(hours, dtype=float) * 3600, 1e-9)
    area = flow / speed
    front = np.exp(-((distance - speed * seconds) ** 2) / (4 * dispersion * seconds))
    result: Array = 1000 * mass / (area * np.sqrt(4 * np.pi * dispersion * seconds)) * front
    result *= np.exp(-decay * seconds / 86400)
    return result
