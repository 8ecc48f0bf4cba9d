"""Why something was not done, as every list says it."""

from ecoledger.listings.refusals import NotVisible, Refused

__all__ = ["NotVisible", "Refused"]
