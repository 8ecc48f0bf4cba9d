"""Observations and the packets they came from, stored durably.

:mod:`ecoledger.store.interface` is the contract; :class:`ecoledger.store.duckdb.store.DuckDBStore`
keeps it in one file owned by one process. To restore a backup, stop the server and put the copy in
the place of that file.

>>> import tempfile
>>> from datetime import datetime
>>> from pathlib import Path
>>> from ecoledger.store.duckdb.store import DuckDBStore
>>> with tempfile.TemporaryDirectory() as folder, DuckDBStore(Path(folder) / "obs.duckdb") as store:
...     receipt = store.append(None, {
...         "point": [7], "parameter": ["a21026"], "series": ["hour"], "seconds": [3600],
...         "start": [datetime(2026, 3, 5, 12)], "value": [12.5], "flag": ["N"]})
...     store.latest([7])["value"].to_list()
[12.5]
"""
