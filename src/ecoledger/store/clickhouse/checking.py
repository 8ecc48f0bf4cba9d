"""Reading a whole ClickHouse store and telling what does not fit."""

from __future__ import annotations

from collections.abc import Iterator

from ecoledger.store.clickhouse.reading import Reader


def problems(reader: Reader) -> Iterator[str]:
    """What is wrong, in words; nothing when the store is sound."""
    tests = {
        "packets are stored more than once": "SELECT count() - uniqExact(dated, digest) FROM frame FINAL",
        "packets have a number that another has": "SELECT count() - uniqExact(frame_id) FROM frame FINAL",
        "packets are missing in the list": "SELECT count() FROM frame FINAL"
        " WHERE frame_id GLOBAL NOT IN (SELECT frame_id FROM frame_list)",
        "rows are of a packet that is not stored": "SELECT count() FROM observation FINAL"
        " WHERE isNotNull(frame_id) AND assumeNotNull(frame_id) GLOBAL NOT IN (SELECT frame_id FROM frame)",
        "rows have a number that another has": "SELECT count() - uniqExact(observation_id)"
        " FROM observation FINAL",
    }
    for what, question in tests.items():
        if count := reader.number(question):
            yield f"{count} {what}"
    identity = ["point", "parameter", "series"]
    kept = reader.latest().select(*identity, "observation_id")
    there = reader.read(columns=(*identity, "start", "observation_id")).unique(
        identity, keep="last", maintain_order=True
    )
    wrong = kept.join(there, on=[*identity, "observation_id"], how="anti")
    missing = there.join(kept, on=identity, how="anti")
    if len(wrong) + len(missing):
        yield f"the latest value of {len(wrong) + len(missing)} series is wrong"
