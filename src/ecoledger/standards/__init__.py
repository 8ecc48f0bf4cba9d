"""What Chinese environmental law measures by: exact, versioned, chosen by the date of the data.

Each module knows one matter (air, surface_water, noise ...). Rules come from
:mod:`ecoledger.standards.catalogue`, which holds every edition with its number, clause, dates in
force and a mark that says how sure the transcription is. The package imports nothing but NumPy and
Polars and reads nothing but its own data files and the user's overrides.
"""
