"""Tables into matters: read, match columns, check row by row, show, accept what is right, undo as a whole.

Title rows above the header, headers of two rows, merged cells and notes below the table are understood;
a number that the spreadsheet has damaged is refused, not guessed at.
"""

from ecoledger.matters.importing.accepting import accept, discard, redo, undo
from ecoledger.matters.importing.cells import parse_date
from ecoledger.matters.importing.checking import preview
from ecoledger.matters.importing.files import error_file, template

__all__ = [
    "accept",
    "discard",
    "error_file",
    "parse_date",
    "preview",
    "redo",
    "template",
    "undo",
]
