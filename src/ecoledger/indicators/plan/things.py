"""What a figure counts or measures: a catalogue indicator, or the noun of the text."""

from __future__ import annotations

import re
from functools import cache
from re import Pattern

from ecoledger.indicators.plan.words import Named, Words, any_of

_LEVELS = {"微克/立方米", "毫克/立方米", "毫克/升", "吨/平方公里·月", "分贝"}
_RATE = re.compile(r"(?:率|比例|占比|比重|覆盖面|满意度)$")
# Words before a noun that say nothing of it, the longer before the shorter they begin with.
_CONNECTIVES = (
    "以及|并且|同时|还(?!田|林)|另外|此外|其中|包括|包含|含(?!量)|目前|现已|今年以来|今年来|今年|去年|上年|全年|年内"
    "|全市|全县|全区|全省|我市|我县|我区|我局|全局|辖区内?|累计|总计|共计|合计|已经|确保|力争|预计|进一步|及时|有序|扎实|全面"
    "|切实|继续|持续|深入|加快|着力|重点(?=开展|推进|做好|实施|完成|抓好)|积极|大力|顺利|成功|按期|依法|集中(?=开展)|联合|常态化|定期"
    "|新(?=完成)|再(?!生)|按照|率先|先后|各类|各级|拟|计划(?=创建|完成|新建|新增|建设|实施|投入)|共(?!同|享|性|建|有)|已|要(?!求|点|素)|均(?!值|衡)|都|将(?!军)"
    r"|为(?!期|主)|对(?!标|照|接|口|外|策)|了|的|并|且|和(?!谐)|与|及(?!时)|\(|,|、|;|:"
)
_LEADING_TIME = (
    r"截[至止](?:目前|(?:20\d\d年)?(?:\d{1,2}月)?(?:\d{1,2}日|底)?)|到?20\d\d年(?:度)?(?:上半年|下半年|底|末)?(?:之?前)?"
    r"|(?:\d{1,2}[-~—至到])?\d{1,2}月(?:份|底|末|中旬|上旬)?(?:\d{1,2}日)?(?:之?前)?|[上下]半年|年底(?:之?前)?|[一二三四]季度(?:末|前)?|[供采]暖季前|汛期前|入冬前|春节前"
)
_LOOSE = re.compile(rf"^(?:{_LEADING_TIME}|{_CONNECTIVES})")
_TRIM_END = re.compile(
    r"(?:控制在|保持在|稳定在|达到|达|降到|降至|降低到|下降到|下降至|提高到|提升到|提升至|提高至|上升到|上升至|增加到|增至|实现|保持|稳定|持续|水质|为|是|有|共计|共|总计|累计|合计|均|各|分别|约|近|超过|超|的|了|:|\()+$"
)


@cache
def _verbs(words: Words) -> tuple[Pattern[str], Pattern[str]]:
    return (
        re.compile(rf"^(?:{any_of(words.leading)})(?:了|出)?"),
        re.compile(any_of(words.following)),
    )


def loose(text: str) -> int:
    """How many characters of leading connectives, times and adverbs stand before the thing itself."""
    start = 0
    while start < len(text) and (match := _LOOSE.match(text[start:])) and match.end():
        start += match.end()
    return start if start < len(text) else 0


def without_loose(text: str) -> str:
    """The text without leading connectives, times and adverbs, and without the trailing words of a figure."""
    return _strip_loose(_TRIM_END.sub("", text))


def _strip_loose(text: str) -> str:
    while (match := _LOOSE.match(text)) and match.end():
        text = text[match.end() :]
    return text


def _allowed(entry: Named, unit: str | None, *, change: bool) -> bool:
    if change:
        return bool(entry.units)
    if unit is None:
        return "" in entry.units
    return unit in entry.units or (unit[:1] in "万亿" and unit[1:] in entry.units)


def _last(entry: Named, text: str) -> tuple[int, int] | None:
    best = None
    for pattern in entry.words:
        for match in pattern.finditer(text):
            if best is None or match.end() > best[1]:
                best = match.span()
    return best


def _fits(entry: Named, text: str, around: str, sentence: str, unit: str | None) -> bool:
    if entry.named and unit not in entry.units and not entry.named.search(around):
        return False
    if entry.named and unit in ("吨", "万吨", "%") and not entry.named.search(around):
        return False
    if entry.excluded and entry.excluded.search(text):
        return False
    if (
        entry.excluded
        and entry.own
        and not entry.own.search(text)
        and entry.excluded.search(sentence)
    ):
        return False
    return not (entry.context and not entry.context.search(sentence))


def indicator(
    words: Words, text: str, unit: str | None, around: str, sentence: str, *, change: bool = False
) -> Named | None:
    """The catalogue indicator that ``text`` (what stands before a figure of this unit) names last."""
    best: tuple[int, int, Named] | None = None
    for order, entry in enumerate(words.indicators):
        if not _allowed(entry, unit, change=change):
            continue
        span = _last(entry, text)
        if (
            span is None
            or re.match(r"比率|比例|率|占比", text[span[1] :])
            or not _fits(entry, text[: span[1]], around, sentence, unit)
        ):
            continue
        key = (span[1], -order)
        if best is None or key > best[:2]:
            best = (*key, entry)
    return best[2] if best else None


def indicators(words: Words, text: str, unit: str | None, around: str) -> list[tuple[int, Named]]:
    """All indicators that a coordinated subject names (``A达标率和B比例``), with where each begins."""
    rows: list[tuple[int, int, int, Named]] = []
    for order, entry in enumerate(words.indicators):
        if unit != "" and not _allowed(entry, unit, change=False):
            continue
        for pattern in entry.words:
            for match in pattern.finditer(text):
                member = (
                    text[match.start() : match.end()]
                    + re.split(r"[、和及与,]", text[match.end() :])[0]
                )
                where = member if re.search(r"浓度|均值|平均|减排|排放|削减", member) else around
                if entry.named and not entry.named.search(where):
                    continue
                if _fits(entry, _piece(text, match.end()), around, text, unit or "%"):
                    rows.append((match.start(), match.end(), order, entry))
    rows.sort(key=lambda row: (row[0], row[2], -row[1]))
    kept: list[tuple[int, int, Named]] = []
    for start, end, _, entry in rows:
        if any(entry.id == other.id for *_, other in kept):
            continue
        if kept and (start < kept[-1][1] and entry.id[:5] not in ("noise", "soil.", "waste")):
            continue
        if kept and not re.search(r"[、和及与]", text[kept[-1][0] : start]):
            continue
        kept.append((start, end, entry))
    return [(start, entry) for start, _, entry in kept]


def _piece(text: str, end: int) -> str:
    """The last member of a list that ends at ``end``."""
    return re.split(r"[和及与、](?![^()]*\))", text[:end])[-1]


def substance(text: str) -> bool:
    """Whether a passage names what a concentration is of, be it in the catalogue or not."""
    return bool(re.search(r"[A-Za-z\d]{2,}|浓度|含量|均值|[酸氧氮磷硫汞铅镉砷铬氟氯锰铁]", text))


def is_level(unit: str | None) -> bool:
    """Whether figures of a unit are concentrations and the like, which always are levels."""
    return unit in _LEVELS


def rates(text: str) -> list[str]:
    """The rates a subject names without catalogue id: ``覆盖率、连通率`` → both."""
    subject = _TRIM_END.sub("", text)
    pieces = [p for p in re.split(r"[、和与及](?![^()]*\))", subject) if p]
    if len(pieces) > 1 and all(_RATE.search(piece) for piece in pieces):
        return [_noun_only(p) for p in pieces]
    return [_noun_only(subject)]


def _noun_only(text: str) -> str:
    return _strip_loose(text)


def is_rate(text: str) -> bool:
    """Whether what stands before a percentage names a rate, a share or a satisfaction."""
    return bool(_RATE.search(_TRIM_END.sub("", text)))


def noun(words: Words, before: str, after: str) -> str:
    """The counted noun: what follows the figure, else what stands before it without its verbs."""
    leading, following = _verbs(words)
    text = re.sub(r"^(?:\d+(?:\.\d+)?(?:蒸吨|兆瓦|千瓦|吨))?(?:的|以上|以下|余)*", "", after)
    text = re.split(r"[,;。:]|(?:将|已)?[于在](?=\d|今年|年)", text)[0]
    carried = re.search(r"进行(\w{2,8})$", text)
    if text.startswith("对") and carried:
        return carried[1]
    stops = (m for m in following.finditer(text) if text[m.start() : m.end() + 1] != "建成区")
    stop = next(stops, None)
    if stop and (stop.start() >= 2 or text[:1] in "村镇乡县厂户"):
        text = text[: stop.start()]
    elif stop and stop.start() == 0:
        text = ""
    text = re.sub(r"\(.*?\)", "", text).strip("()“”、")
    text = re.sub(r"^(?:共计|合计|总计)\d.*$", "", text)  # 9台共计118蒸吨
    before = re.sub(r"\d+(?:批次?|期|轮次?|场次?)$", "", before)  # 培训人员3批160人次
    if len(text) >= 2:
        return re.sub(r"(?:等|的|进行)$", "", text)
    text = _TRIM_END.sub("", before)
    text = re.sub(r"\([^)]*\)", "", text)
    text = re.sub(r"^[^\d]{0,8}\d+(?:个|条|家|项|处|件)(?=[^\d]{2,})", "", text)
    while True:
        shorter = _strip_loose(text)
        match = leading.match(shorter)
        if match and match.end() <= len(shorter):
            shorter = shorter[match.end() :]
        if shorter == text:
            break
        text = shorter
    text = re.sub(r"^(?:为|对|向|在|将|从)[^,、]{0,14}?(?=" + leading.pattern[1:] + ")", "", text)
    match = leading.match(text)
    if match:
        text = text[match.end() :]
    return re.sub(r"(?:等|共)$", "", _strip_loose(text)).strip("()、:")


_PLACE = re.compile(
    r"(?:^|[在对(,、的])([\u4e00-\u9fff“”]{2,8}?(?:镇|街道|水库|断面|点位|岛|湾|湖|大桥|段))(?:水质|断面|点位|全|已|$|[\u4e00-\u9fff(,])"
)
_KINDS = re.compile(
    r"水[体质]|噪声|考核|监测|质量|站点|全[市县区]|[国省市县]考|[国省市县]控|入[河海湖江]|各|每|排查|检查|建成|重点|所有|主要|部分|乡镇|饮用水|地表水|功能区|街道$|流域|个|条"
)


def area(text: str) -> str | None:
    """A named place in a passage, if there is one; kinds of place (国考断面, 各乡镇) are none."""
    for match in _PLACE.finditer(text):
        name = _strip_loose(match[1])
        if len(name) > 2 and not _KINDS.search(name):
            return name
    return None
