"""Tables into lists: read, match columns, check row by row, show, accept what is right, undo as a whole."""

from ecoledger.listings.importing.accepting import accept, discard, redo, undo
from ecoledger.listings.importing.checking import preview, recheck
from ecoledger.listings.importing.files import error_file, template

__all__ = [
    "accept",
    "discard",
    "error_file",
    "preview",
    "recheck",
    "redo",
    "template",
    "undo",
]
