"""Which entries cannot hold a word, told without reading them (a signature file).

Each pair of neighbouring letters of an entry sets one of some hundred bits, kept in a few numbers beside it. Who holds a
word holds its pairs, so an entry that lacks one of their bits need not be read: the numbers stand in an index of their own,
which is walked in a tenth of the time that the words take. What is left is asked for the word itself, so nothing that
is found depends on the bits. An index of the pairs themselves would have ten to eighteen million rows.
"""

from __future__ import annotations

from functools import reduce
from operator import add, or_
from zlib import crc32

from django.db.models import F, Q
from django.db.models.lookups import Exact

# So many numbers, each of so many bits: below the sign.
NUMBERS, BITS = 6, 62
FIELDS = tuple(f"sign_{n}" for n in range(NUMBERS))
_ONE = (1 << BITS) - 1
# All bits: an entry that was never looked at may hold anything.
ANYTHING = -1


# So many pairs are remembered.
MOST = 100_000


class _Bits(dict[str, int]):
    """Pair -> the bit that stands for it, of all numbers one after another; the same in every process. None for the end
    of a line and the beginning of the next. Filled as pairs come."""

    def __missing__(self, pair: str) -> int:
        place = crc32(pair.encode("utf-8", "surrogatepass"))
        bit = 0 if "\n" in pair else 1 << place % NUMBERS * BITS + place // NUMBERS % BITS
        if len(self) >= MOST:
            self.clear()
        self[pair] = bit
        return bit


_bits = _Bits()


def of(words: str) -> list[int]:
    """The numbers of a text whose lines are looked into one by one."""
    bits = reduce(or_, map(_bits.__getitem__, set(map(add, words, words[1:]))), 0)
    return [bits >> number * BITS & _ONE for number in range(NUMBERS)]


def may_hold(word: str) -> Q | None:
    """Entries that may hold ``word``; ``None``: a word without pairs may be anywhere."""
    asked = Q()
    for name, bits in zip(FIELDS, of(word), strict=True):
        if bits:
            asked &= Q(Exact(F(name).bitand(bits), bits))
    return asked or None
