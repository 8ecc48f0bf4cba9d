"""The one reader of tables: whatever file holds one, its cells come out the same.

Spreadsheets (.xlsx, .xls, .ods), text (CSV and its kin in any encoding seen in practice) and HTML or XML that calls
itself .xls become a :class:`~.book.Book`. No row is lost on the way: what cannot be read is a fault of its row.
Plain functions without Django, so that a child process with limits can run them.
"""
