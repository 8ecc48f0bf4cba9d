"""The models of 宣传教育, each defined in its book's own module."""

from ecoledger.registers.publicity.activities import Activity
from ecoledger.registers.publicity.articles import Article

__all__ = ["Activity", "Article"]
