"""Analysis of air and water observations as plain functions: what openair is to R, and tracing of sources.

Tables are Polars frames with a column ``date`` (naive local time, the START of the period), wind as
``ws`` (m/s) and ``wd`` (degrees the wind comes from, 360 is north), and a column a pollutant; see
:mod:`ecoledger.science.air_table` for the headers that are understood. Missing is null.
"""
