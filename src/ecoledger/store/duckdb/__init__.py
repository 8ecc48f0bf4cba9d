"""The observation store in one DuckDB file, owned by one process.

:mod:`.file` holds the file and its transactions, :mod:`.opened` what of it is kept in memory; :mod:`.frame_numbers`,
:mod:`.waiting` and :mod:`.writing` put in, :mod:`.reading` gets out, :mod:`.care` seals, copies and checks, and
:mod:`.store` puts them together as :class:`~ecoledger.store.duckdb.store.DuckDBStore`.

Layout. `frame` holds the packets in the order of arrival. Observations lie in segments, one table
for each month of fine series (raw, minute) and one for each year of coarse ones (hour and longer),
so that the pages opened most never pass over minute values, a month can be rewritten by itself, and
a question about March reads March. `segment` lists them. Texts that come back are numbers (`term`).
`pending` is the durable copy of the list of hours to aggregate, `latest` a snapshot of the latest
values with the `observation_id` up to which it holds; what was recorded since is applied at open.

Durability. A commit returns after DuckDB's write-ahead log has reached the disk. Checkpoints, which
move the log into the file, are made here, between appends, and never by DuckDB on its own: while no
checkpoint runs the file does not change under its header, and that is what lets :meth:`backup` copy
it while appends go on.
"""
