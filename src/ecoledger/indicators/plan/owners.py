"""Who answers for a passage: 由…牵头, 责任单位：…, or a bracket that names units."""

from __future__ import annotations

import re

_LEAD = re.compile(r"由([^,;。()]{2,60}?)(?:等(?:责任)?(?:部门|单位))?(?:负责|牵头|具体负责|承担)")
_HEADS = re.compile(
    r"(?:^|[,;。])([^,;。()]{2,24}?(?:局|委|办|分局|厅|部门|中心|支队))牵头(?=,|开展|实施|组织|制定)"
)
_LABEL = re.compile(
    r"(?:牵头(?:责任)?单位|责任(?:单位|部门|科室)|牵头部门|配合单位|完成单位|实施主体|责任主体|负责单位)[:]([^;。)]{2,120})"
)
_BRACKET = re.compile(r"\(([^()]{2,120})\)[。;]?$")
# A last sentence that only names who answers: 市住建局牵头,市水务局配合。
_SENTENCE = re.compile(
    r"(?<=[。;])([^。;()]{2,24}?(?:局|委|办|分局|厅|部门|中心|支队|政府|科|处)(?:、[^。;()]{2,80})?(?:分别)?(?:牵头|负责)(?:,[^。;]{2,80}(?:配合|参与|负责))?)$"
)
_UNIT = re.compile(
    r"(?:局|委|办|厅|部|处|科|股|室|院|公司|政府|街道|镇|乡|管委会|中心|支队|大队|集团|分局|站|协会|单位|部门)$"
)
_NOISE = re.compile(
    r"(?:分别|分别由|等)?(?:按(?:照)?职责分工)?(?:牵头|配合|参与|负责|落实|组织落实|负责落实|具体落实|等|实施|共同|按职责)+$|^(?:由|及|和|与|会同)|\([^)]*\)"
)


def names(text: str) -> list[str]:
    """Units of a list in printed order, without 等, 牵头 and 配合."""
    rows: list[str] = []
    for piece in re.split(
        r"[、,;::]|[和与](?!城乡|信息|改革|自然|旅游|规划|农村|社会|林业|草原|环境|民族|体育|技术|水务|园林|草|金融|统战)|牵头(?!单位)|配合(?!单位)",
        text,
    ):
        name = piece
        while True:
            shorter = _NOISE.sub("", name).strip()
            if shorter == name:
                break
            name = shorter
        name = re.sub(r"^(?:牵头|责任|配合)(?:单位|部门)", "", name)
        name = re.sub(r"等(?:有关|相关|责任)?(?:部门|单位)?$", "", name)
        if name and name not in rows and len(name) <= 24:
            rows.append(name)
    return rows


def lead(text: str) -> tuple[list[str], int] | None:
    """The units of 由…牵头/负责, and where that phrase begins."""
    match = _LEAD.search(text) or _HEADS.search(text)
    if match is None:
        return None
    units = names(match[1])
    return (units, match.start()) if units else None


def closing(text: str) -> tuple[list[str], int] | None:
    """The units named at the end of a point: a label 责任单位, or a bracket of units; and where that begins."""
    labels = list(_LABEL.finditer(text))
    if labels:
        units: list[str] = []
        for label in labels:
            units += [unit for unit in names(label[1]) if unit not in units]
        start = labels[0].start()
        if start and text[start - 1] == "(":
            start -= 1
        return (units, start) if units else None
    match = _SENTENCE.search(text) or _BRACKET.search(text)
    if match is None:
        return None
    units = names(match[1])
    named = all(_UNIT.search(unit) for unit in units) or re.search(r"牵头|负责|配合|落实", match[1])
    return (units, match.start()) if units and named else None
