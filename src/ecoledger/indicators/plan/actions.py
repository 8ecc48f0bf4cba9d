"""Actions without a figure: a deadline, a result verb with a definite thing, a named campaign."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from re import Pattern

from ecoledger.indicators.plan import sentences, things
from ecoledger.indicators.plan.drafts import Draft, Sentence, draft
from ecoledger.indicators.plan.items import TASK
from ecoledger.indicators.plan.words import Words, any_of

_AUX = re.compile(
    r"(?:^|全面|基本|督促|推动|推进|力争|确保|争取|要|将|拟|计划|组织|按期|及时|抓紧|加快|尽快|牵头|协调|指导|率先|逐步|研究|谋划|成功|初步|探索|动态|同步|高质量|高标准|力推|实现"
    r"|进一步|适时|认真|扎实|有序|科学|统筹|协同|联合|配合|会同|年内|前|内|底|、|:|并|和|实际|要求|进度|新|再|持续|继续|积极|抓好|做好|逐一|顺利|完善|细化|预计|对标|对照|必须|需|应|同时)$"
)
_GENERAL = re.compile(
    r"^(?:了)?(?:好|全年|年度|各项|各类|既定|上级|上级下达的?|省下达的?|市下达的?|下达的?|既定的?|相关|有关|重点|主要|全部|全面|目标|考核|约束性|工作|任务|指标|要求|的)*(?:任务|目标|工作|指标|要求|情况|时限|率|进度|度|后|措施|质量|时间|内容|标准|体系|机制|模式)?$"
)
_NOT_AN_OBJECT = re.compile(
    r"^(?:情况|时限|率|进度|度|后|的|和|与|及|、|,|。|人员|质量|水平|工作机制|能力|单位|了|,)"
)
_DOCUMENT = re.compile(
    r"(?:方案|计划|办法|规划|纲要|意见|预案|细则|清单|指南|标准|规定|制度|机制|文件|条例|导则|报告|要点|名录|规范|手册|图|区划|目录|政策|措施清单|台账|通知|通告|函|表|书|区划|体系规划|》|”)(?:\([^)]*\))?(?:等|的编制|编制|修编|工作)?$"
)
_BOOK = re.compile(r"(?:名录|台账|平台|清单|名单)(?:\([^)]*\))?$")
_CONTRACT = re.compile(r"(?:书|协议|合同|责任状|备忘录|》|”)$")
_CHECKED = re.compile(r"(?:验收|评估|审查|考核|复核|审核|核查|评审|审议)$")
_ONE = re.compile(
    r"“[^”]+”|《|公司|[^一]厂|1#|全部|所有|限额以上|重点[^,]{0,8}(?:单位|企业|源)|国家级|省级|市级|规模以上|全市|全县|全区|现有|剩余"
)
_LOOSE_PLURAL = re.compile(r"老旧|典型案例|示范企业|一批|示范点|落后")
_CAMPAIGN = re.compile(
    r"(?P<verb>组织开展|组织实施|开展|实施|组织|举办|启动)(?P<object>[^,;。:]*?[“《](?P<name>[^”》]+)[”》](?P<rest>[^,;。:]*))"
)
_CAMPAIGN_NOUN = re.compile(
    r"行动|活动|攻坚|专项|宣传|培训|竞赛|大赛|比武|回头看|练兵|执法|大会战|整治|检查|评选|演练|巡查|帮扶|活动月|宣传周"
)
_NO_CAMPAIGN = re.compile(
    r"三线一单|双随机|放管服|六稳|六保|一岗双责|党政同责|两山|绿岛|互联网\+|环保管家|无废城市|美丽海湾"
)
_DEADLINED = re.compile(
    r"(?:20\d\d年)?\d{1,2}月(?:\d{1,2}日|底|末|中旬|上旬|份)?(?:之?前)|年底(?:之?前)|年内|年末前|20\d\d年(?:年)?底(?:之?前)|上半年(?=完成|[^,]{0,4}完成)|[一二三四]季度(?:末|底|内)?(?:前)|[一二三四]季度(?=完成|投入|建成|投运|启动|开工)"
)


@cache
def _results(words: Words) -> tuple[Pattern[str], Pattern[str]]:
    verbs = any_of([*words.result, "修订和完善", "修订完善", "修订落实"])
    return (
        re.compile(rf"(?P<verb>{verbs})(?:了|并)?(?P<object>.*)$"),
        re.compile(
            rf"^(?P<thing>.{{3,40}}?)(?:尽快|全面|全部|基本|按期|正式|如期|早日|顺利)*(?P<verb>{any_of(words.final)})$"
        ),
    )


def tasks(words: Words, sentence: Sentence, taken: list[Draft]) -> Iterator[Draft]:
    """Actions with a deadline, a result verb and a definite thing, or a named campaign."""
    text = sentence.text
    leading = fresh = False
    for begin, end in sentences.split(text, sentence.begin, sentence.end, ",:!;", sentence.hidden):
        clause = text[begin:end]
        if re.fullmatch(rf"(?:力争|确保|争取|在|于)*(?:{_DEADLINED.pattern})", clause):
            leading = fresh = True
            continue
        dated = _DEADLINED.search(clause)
        if dated:
            leading = True
        if any(row.start < end and begin < row.end for row in taken):
            continue
        action = _campaign(sentence, begin, end) or _result(words, sentence, begin, end)
        alone = clause[things.loose(clause) :]
        if dated and alone in words.final and not action_before(sentence, begin, taken):
            # …三期工程建设,12月底前投入运行: what is put into use stands in the clause before.
            before = max(text.rfind(mark, sentence.begin, begin - 1) for mark in ",:!;")
            start = max(before + 1, sentence.begin)
            action = draft(TASK, start + things.loose(text[start:begin]), end, confidence=0.6)
        if action is None and leading:
            action = _dated(words, sentence, begin, end, dated is not None or fresh)
        fresh = False
        if action is not None:
            yield action


def action_before(sentence: Sentence, begin: int, taken: list[Draft]) -> bool:
    """Whether the clause that ends where another begins has an item already, or there is none."""
    return begin - 1 <= sentence.begin or any(
        row.start < begin - 1 and begin - 2 <= row.end for row in taken
    )


def _dated(words: Words, sentence: Sentence, begin: int, end: int, here: bool) -> Draft | None:
    """A clause under a deadline: a task whatever its verb, if it has one."""
    text = sentence.text
    clause = text[begin:end]
    body = clause[things.loose(clause) :]
    verbs = rf"(?:{any_of([*words.leading, *words.result, *words.final])}|全部|报|将|对)"
    if len(body) < 4 or not (re.search(verbs, body) if here else re.match(verbs, body)):
        return None
    start = begin + things.loose(clause)
    return draft(TASK, start, end, confidence=0.7 if here else 0.6)


def _campaign(sentence: Sentence, begin: int, end: int) -> Draft | None:
    text = sentence.text
    match = _CAMPAIGN.search(text, begin, end)
    if match is None:
        return None
    object_, rest, name = match["object"], match["rest"], match["name"]
    if not (
        _CAMPAIGN_NOUN.search(rest[:14]) or re.search(r"行动|活动|攻坚|回头看|练兵|专项$", name)
    ):
        return None
    if _NO_CAMPAIGN.search(name) or re.match(
        r"(?:制度|机制|试点|模式|项目|志愿队|建设|创建)", rest
    ):
        return None
    if re.search(r"[、]", object_.split("“")[0].split("《")[0]) and match["verb"] != "启动":
        return None
    return draft(TASK, match.start(), min(end, match.end()), confidence=0.75)


def _result(words: Words, sentence: Sentence, begin: int, end: int) -> Draft | None:
    text = sentence.text
    clause = text[begin:end]
    if re.match(r"为(?!期)了?", clause):
        return None
    result, final = _results(words)
    position = 0
    while match := result.search(clause, position):
        position = match.start() + 1
        if sentence.hidden[begin + match.start()]:
            continue
        if _definite(words, match["verb"], match["object"], clause[: match.start()]):
            return draft(TASK, begin + match.start(), end, confidence=0.7)
    ending = final.match(clause)
    if ending and not sentence.hidden[end - 1] and not clause.startswith(("并", "与")):
        thing = ending["thing"]
        if re.search(r"厂|站|中心|项目|工程|系统|平台|管网|设施|机组", thing) and not re.search(
            r"^(?:加快|确保)?(?:设施|项目|工程)$", thing
        ):
            return draft(TASK, begin + things.loose(clause), end, confidence=0.6)
    return None


def _subject(before: str) -> bool:
    """督促、推动、指导 + somebody: the verb after that is the somebody's."""
    return bool(
        re.search(
            r"(?:督促|推动|指导|要求|引导|帮助|推进|限额以上|确保|协调|组织)[^,]{2,24}$", before
        )
    )


def _definite(words: Words, verb: str, object_: str, before: str) -> bool:
    """Whether verb and object say something that can be ticked off."""
    object_ = object_.lstrip("了并")
    if verb == "建成" and object_.startswith("区"):
        return False
    if len(object_) < 3 or _NOT_AN_OBJECT.match(object_) or _GENERAL.match(object_):
        return False
    free = bool(_AUX.search(before)) or not before or things.loose(before + "某") >= len(before)
    if re.search(r"(?:已|未|的|待|尚|能够|能|可|是否)$", before):
        return False
    last = re.sub(r"\([^)]*\)", "", re.sub(r"[并且][^,]*$", "", object_)) or object_
    # …复核工作及年度整治任务: what stands first is judged.
    last = re.sub(r"(?<=.{4})(?:及|和|与)(?:年度|全年)[^,、]{0,8}(?:任务|目标|要求)$", "", last)
    if verb in (
        "编制",
        "改造",
        "验收",
        "申报",
        "创建",
        "安装",
        "淘汰",
        "搬迁",
        "更新",
        "启动",
        "划定",
        "联网",
        "公布",
    ) and not (free or _subject(before)):
        return False
    if verb in (
        "制定",
        "制定出台",
        "制定印发",
        "编制",
        "编制印发",
        "修编",
        "修订",
        "修订印发",
        "修订和完善",
        "修订完善",
        "修订落实",
        "出台",
        "印发",
        "印发实施",
        "制定实施",
    ):
        return (
            bool(_DOCUMENT.search(last))
            and not last.startswith("本")
            and not (
                before.endswith(("特", "现")) and re.search(r"工作(?:计划|要点|方案|安排)$", last)
            )
            and not re.fullmatch(
                r"(?:整改|任务|防控|工作|针对性|有效)*(?:措施|目标|制度|机制|标准)", last
            )
        )
    if verb in ("建立", "动态更新", "更新"):
        return bool(_BOOK.search(last)) or (
            verb == "建立" and bool(re.search(r"(?:名录|台账|清单)(?:并|和|及)", object_))
        )
    if verb == "签订":
        return bool(_CONTRACT.search(last))
    if verb == "通过":
        return bool(_CHECKED.search(last)) and not re.search(r"方式|形式|手段|等", last)
    if verb in ("发布", "公布"):
        return bool(re.search(r"《|公报|报告|指南|标准|名单|清单|白皮书|通告|蓝皮书", object_))
    if verb in ("新增", "新建", "改造", "安装", "淘汰", "关停", "搬迁", "联网", "创建"):
        if _LOOSE_PLURAL.search(object_):
            return False
        return bool(_ONE.search(object_)) or (verb == "安装" and bool(_ONE.search(before)))
    if verb == "启动":
        return len(object_) >= 5 and not re.search(r"应急响应|程序|机制|工作$", object_)
    if verb == "申报":
        return not re.search(r"^(?:制度|工作|企业)", object_)
    if verb == "完成":
        if re.search(
            r"(?:年度|目标|考核|下达)[^,]{0,8}(?:任务|目标|要求)$|^[^,]{0,6}下达[^,]{0,24}(?:任务|目标|要求|指标)$|(?:能力|水平|条件)$|^[一二两三]项|^本",
            last,
        ):
            return False
        body = re.sub(r"(?:等)?(?:各项)?(?:工作|任务|目标)+(?:要求)?$", "", last)
        body = re.sub(r"^“十[二三四五]五”", "", body)
        body = re.sub(
            r"^(?:好|上级|省|市|县|区|年度|全年|下达的?|各项|既定|考核|目标|重点|主要|相关|省定|市定|国家|序时)+",
            "",
            body,
        )
        return len(body) >= 4 and not _GENERAL.match(body)
    return True
