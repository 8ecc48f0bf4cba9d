"""Rows of the books, one module a kind of book."""

from ecoledger.books.models.account import Entry, Holding, Posting, PostingNumbers
from ecoledger.books.models.campaign import Checklist, Drive, DriveTask
from ecoledger.books.models.duty import Obligation
from ecoledger.books.models.log import LogEntry, has_happened
from ecoledger.books.models.roster import Edition, RosterLine
from ecoledger.books.models.score_sheet import Mark, Objection, Score, ScoreRound

__all__ = [
    "Checklist",
    "Drive",
    "DriveTask",
    "Edition",
    "Entry",
    "Holding",
    "LogEntry",
    "Mark",
    "Objection",
    "Obligation",
    "Posting",
    "PostingNumbers",
    "RosterLine",
    "Score",
    "ScoreRound",
    "has_happened",
]
