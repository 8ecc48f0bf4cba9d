"""The records behind figures: one declared table a door, all drawn by one page.

Each table shows exactly the rows a figure was made from, as far as the person may see them, and says again
what they come to. Importing this package declares them.
"""

from ecoledger.indicators.records import (  # noqa: F401
    air,
    alarms,
    books,
    boundaries,
    dischargers,
    matters,
    nature,
    plan_targets,
    sea,
    sources,
    targets,
    waste,
    water,
)
