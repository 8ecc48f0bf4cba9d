"""What the embedded database knows of its tables: how many rows there are and how many are alike.

Without it SQLite guesses, and reads a large book by the wrong index. PostgreSQL keeps such counts by itself.
"""

from __future__ import annotations

from django.db import connection


def note() -> None:
    """Count anew; half a second for 200,000 matters. Other connections know of it once they are opened again."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
