"""Kinds of book that are neither things nor work: logs, rosters, accounts, duties and campaigns.

One module a kind, each with its declaration and its engine; :mod:`.models` holds the rows they share.
"""
