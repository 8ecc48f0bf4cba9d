"""PostgreSQL and web processes are killed under load: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import pytest
from benchmarks import cluster_failures
from tests.cluster import postgres


def test_what_was_acknowledged_is_stored_once_whoever_is_killed() -> None:
    if why := postgres.available():
        pytest.skip(f"not run: {why}")
    result = cluster_failures.run(4, ["postgres", "web"])
    assert result["acknowledged"] > 0
    assert result["sent_again"] > 0  # the kills were felt
    assert (result["lost"], result["doubled"], result["numbers_doubled"]) == (0, 0, 0)
    assert (result["chains_broken"], result["out_of_step"]) == ([], 0)
