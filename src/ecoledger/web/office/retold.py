"""Messages in the language of who reads them: kept in Chinese, as they were told, and told anew by how they were made."""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as noop

# A part may be made in one of these ways itself.
_MADE = (
    noop("%(number)s 等待您办理：%(state)s"),
    noop("%(number)s 有新的进展：%(state)s"),
    noop("文书“%(title)s”：%(state)s"),
    noop("%(number)s“%(clock)s”%(urgency)s：%(left)s"),
    noop("%(number)s %(unit)s申请转办，请决定"),
    noop("%(number)s 的延期申请：%(result)s"),
    noop("本单位预警，请自查：%(text)s"),
    noop("%(left)s（%(years)s年放假安排未收录（可能尚未公布），暂按周一至周五推算）"),
    noop("%(years)s年放假安排未收录（可能尚未公布），暂按周一至周五推算"),
    noop("超期 %(much)s %(unit)s"),
    noop("剩 %(much)s %(unit)s"),
)


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    named = re.compile(r"%\\\((\w+)\\\)s")
    return [(made, re.compile(named.sub(r"(?P<\1>.+?)", re.escape(made)))) for made in _MADE]


def retold(text: str) -> str:
    """A message in the language of the page; one that is made in no known way as it is."""
    if not text or (get_language() or "").startswith("zh"):
        return text
    for made, pattern in _patterns():
        if match := pattern.fullmatch(text):
            return gettext(made) % {name: retold(part) for name, part in match.groupdict().items()}
    return gettext(text)
