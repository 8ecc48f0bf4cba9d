"""One place called good in one sentence and bad in another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecoledger.indicators.plan.checking.said import Finding, finding
from ecoledger.indicators.plan.folding import Line

_GOOD = re.compile(r"(?P<name>[\u4e00-\u9fff]{2,6}?)(?:点位|断面|站点|水库)")
_BAD = re.compile(r"未能?(?:稳定)?达标|不能(?:稳定)?达标|超标|未达")


def contradictions(source: str, rows: list[Line]) -> Iterator[Finding]:
    """A place that meets its target in one sentence and does not in another."""
    good: dict[str, tuple[Line, int, int]] = {}
    for line in rows:
        for match in re.finditer(r"[^,;。]*达标率?[均为]*100%", line.text):
            for name in _GOOD.finditer(match.group()):
                good.setdefault(_bare(name["name"]), (line, match.start(), match.end()))
    for line in rows:
        for match in _BAD.finditer(line.text):
            begin = max(line.text.rfind(mark, 0, match.start()) for mark in ",;。(") + 1
            for name in _GOOD.finditer(line.text[begin : match.start()]):
                bare = next(
                    (known for known in good if known and _bare(name["name"]).endswith(known)), None
                )
                if bare is None:
                    continue
                before, start, end = good[bare]
                first, last = before.span(start, end)
                yield finding(
                    source, line, begin, match.end(), "contradiction",
                    line.text[begin : match.end()], source[first:last],
                    f"{bare}：年均值达标与逐月达标是两回事，请分别说明",
                )  # fmt: skip


def _bare(name: str) -> str:
    return re.sub(r"^.*(?:中|的|干流|省控|国控|市控|断面|及|和|流域)", "", name)
