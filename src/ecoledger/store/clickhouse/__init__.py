"""The observation store on ClickHouse: a server, a cluster of shards and replicas, or chDB in this process.

:mod:`.tables` says what the tables are, :mod:`.link` how a question gets there and back, :mod:`.writing` and
:mod:`.reading` what is asked, :mod:`.numbering` how rows get their numbers, and :mod:`.store` puts them together
as :class:`~ecoledger.store.clickhouse.store.ClickHouseStore`.

What differs from the embedded store. ClickHouse has neither transactions over tables nor unique constraints, so
an append is made of steps that may be done again: observations, then the hours they touch, then the packets. A
packet that is not there is not acknowledged; when it comes again its observations take the place of those left by
the attempt that was cut short, since each row's key holds which packet it came from. Nothing is kept in memory:
every process asks the same tables.
"""
