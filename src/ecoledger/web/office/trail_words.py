"""What the trail calls the details of what was done, and what of them a book hides from the reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecoledger.accounts.models import Person
from ecoledger.entities import shapes
from ecoledger.listings import asked
from ecoledger.listings.catalogue import all_listings
from ecoledger.listings.parts import Kind
from ecoledger.live import times
from ecoledger.matters.models import Matter
from ecoledger.matters.register import has_register, register_of
from ecoledger.reports.declaration import all_documents

SYSTEM, MATTERS = "system", "matters"

# What the details of an entry are called.
WORDS = {
    "reason": gettext_lazy("理由"), "purpose": gettext_lazy("用途"), "parameter": gettext_lazy("因子"), "parameters": gettext_lazy("因子"),
    "series": gettext_lazy("数据类型"), "start": gettext_lazy("时间"), "value": gettext_lazy("数值"),
    "flag": gettext_lazy("标记"), "begin": gettext_lazy("起"), "end": gettext_lazy("止"), "kind": gettext_lazy("类别"),
    "entity": gettext_lazy("对象"), "point": gettext_lazy("监测点"), "before": gettext_lazy("原为"),
    "after": gettext_lazy("改为"), "rows": gettext_lazy("行数"), "listing": gettext_lazy("台账"),
    "register": gettext_lazy("台账"), "query": gettext_lazy("条件"), "file": gettext_lazy("文件"),
    "values": gettext_lazy("数据条数"), "made": gettext_lazy("导入行数"), "path": gettext_lazy("地址"),
    "username": gettext_lazy("用户名"), "version": gettext_lazy("版本"), "name": gettext_lazy("名称"),
    "roles": gettext_lazy("岗位"), "area_codes": gettext_lazy("数据范围"), "review": gettext_lazy("审核编号"),
    "after_the_fact": gettext_lazy("事后申报"), "during_alarm": gettext_lazy("预警中申报"),
    "action": gettext_lazy("动作"), "added": gettext_lazy("新增"), "alarm": gettext_lazy("预警编号"),
    "answers": gettext_lazy("答复"), "b": gettext_lazy("对方"), "batch": gettext_lazy("批次"), "bundle": gettext_lazy("成组"),
    "by": gettext_lazy("方式"), "bytes": gettext_lazy("字节"), "case": gettext_lazy("案件"), "charge": gettext_lazy("责任"),
    "clock": gettext_lazy("时限"), "clocks": gettext_lazy("时限"), "kept": gettext_lazy("保留件数"), "cn": gettext_lazy("命令编码"), "days": gettext_lazy("天数"),
    "done": gettext_lazy("完成"), "drawn": gettext_lazy("抽中"), "due": gettext_lazy("期限"),
    "duplicates": gettext_lazy("重复事项"), "effect": gettext_lazy("效果"), "entered": gettext_lazy("列入"),
    "failures": gettext_lazy("失败次数"), "frames": gettext_lazy("报文"), "given": gettext_lazy("交出"),
    "given_back": gettext_lazy("交还"), "into": gettext_lazy("并入"), "item": gettext_lazy("项目"), "items": gettext_lazy("项数"),
    "job": gettext_lazy("任务"), "keys": gettext_lazy("密钥"), "leaves": gettext_lazy("离岗"), "left": gettext_lazy("退出"),
    "length": gettext_lazy("长度"), "level": gettext_lazy("等级"), "lines": gettext_lazy("明细"), "list": gettext_lazy("清单"),
    "marks": gettext_lazy("得分"), "matters": gettext_lazy("事项"), "mn": gettext_lazy("设备编码（MN）"),
    "moves": gettext_lazy("变动"), "note": gettext_lazy("说明"), "now": gettext_lazy("此次地址"), "number": gettext_lazy("编号"),
    "object": gettext_lazy("对象"), "of": gettext_lazy("总数"), "ok": gettext_lazy("已入库"), "on": gettext_lazy("日期"),
    "organisation": gettext_lazy("单位"), "password_set": gettext_lazy("重设密码"), "person": gettext_lazy("人员"),
    "pieces": gettext_lazy("份数"), "problems": gettext_lazy("发现"), "question": gettext_lazy("问题"),
    "questions": gettext_lazy("问题数"), "reverses": gettext_lazy("冲正"), "role": gettext_lazy("岗位"),
    "round": gettext_lazy("轮次"), "rule": gettext_lazy("规则"), "scores": gettext_lazy("得分"),
    "secrets_set": gettext_lazy("重设口令"), "seed": gettext_lazy("随机数种子"), "sha256": gettext_lazy("文件摘要"),
    "sign_on": gettext_lazy("统一登录"), "since": gettext_lazy("自"), "state": gettext_lazy("状态"),
    "subject": gettext_lazy("对象"), "succession": gettext_lazy("变更"), "text": gettext_lazy("内容"),
    "through": gettext_lazy("至报文"), "title": gettext_lazy("标题"), "to": gettext_lazy("交给"),
    "told": gettext_lazy("已通知"), "undone": gettext_lazy("已撤销"), "unit": gettext_lazy("单位（时长）"),
    "cells": gettext_lazy("网格"), "entry": gettext_lazy("记录"), "format": gettext_lazy("格式"), "log": gettext_lazy("台账"),
    "price": gettext_lazy("单价"), "ratings": gettext_lazy("等级"), "repair": gettext_lazy("信用修复"),
    "total": gettext_lazy("金额"), "year": gettext_lazy("年度"),
    "fields": gettext_lazy("字段"), "party": gettext_lazy("当事人"), "open": gettext_lazy("在办"),
    "until": gettext_lazy("至"), "who": gettext_lazy("责任人"), "why": gettext_lazy("结论"),
}  # fmt: skip


def named(name: str, kind: str = "") -> str:
    """What a detail is called: by the list above, or as the changed thing's own field."""
    if name in WORDS:
        return str(WORDS[name])
    if kind.count(".") == 1:
        with suppress(LookupError, FieldDoesNotExist):
            field = apps.get_model(kind)._meta.get_field(name)
            # What stands in a table of its own has no name as a field: that of its rows.
            named = field.related_model._meta if field.auto_created else field
            return _(str(named.verbose_name))
    return name


@dataclass(frozen=True)
class Line:
    """One thing somebody did."""

    at: datetime
    who: str
    organisation: str
    instead: str  # who did it in the person's place
    what: str
    about: str
    details: tuple[tuple[str, str], ...]
    address: str
    source: str
    number: int


def text_of(name: str, value: Any, kind: str = "") -> str:
    if measured := shapes.in_words(name, value):
        return measured
    match value:
        case None | "":
            return "—"
        case bool():
            return _("是") if value else _("否")
        case dict():
            if "text" in value:
                return str(value["text"])
            parts = ((named(k, kind), text_of(k, v, kind)) for k, v in value.items() if v != "")
            return _("，").join(f"{called} {text}" for called, text in parts)
        case list() | tuple():
            return _("、").join(text_of(name, v, kind) for v in value) or "—"
    return str(value)


# Details that are words of the house: the names of books and of clocks.
_WORDS = frozenset({"listing", "clock", "clocks"})
# Details that hold the key of a declared book or kind of document.
_KEYS = frozenset({"kind", "listing", "register", "log", "list"})


def _declared_as(key: str) -> str:
    labels = {document.key: document.label for document in all_documents()}
    labels |= {listing.key: str(listing.label) for listing in all_listings()}
    return _(labels.get(key, key))


def details_of(said: dict[str, Any], kind: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (named(n, kind), text_of(n, _in_words(n, value), kind)[:300]) for n, value in said.items()
    )


def _in_words(name: str, value: Any) -> Any:
    """The value of a detail, in the reader's language where it is a word of the house; for a key of a book or of a kind of
    document what that is called."""
    if isinstance(value, str) and name in _KEYS:
        return _declared_as(value)
    if name not in _WORDS:
        return value
    return [_(str(part)) for part in value] if isinstance(value, list) else _(str(value or ""))


def between(rows: QuerySet[Any], query: Any) -> QuerySet[Any]:
    first, last = asked.day(query.get("from", "")), asked.day(query.get("to", ""))
    if first:
        rows = rows.filter(at__gte=times.midnight(first))
    return rows.filter(at__lt=times.midnight(last + timedelta(1))) if last else rows


def hidden_values(person: Person, matters: Iterable[Matter]) -> dict[int, tuple[str, ...]]:
    """By matter the short values that its book hides from ``person``: one query a book."""
    asked: dict[str, set[int]] = defaultdict(set)
    for matter in matters:
        asked[matter.register].add(matter.pk)
    result = {}
    for key, keys in asked.items():
        register = register_of(key) if has_register(key) else None
        if register is None:
            continue
        hidden = [
            name
            for name in register.hidden
            if not register.is_open(name, person) and register.derive.column(name).kind is Kind.TEXT
        ]
        if hidden:
            rows = register.model._default_manager.filter(pk__in=keys)
            for pk, *values in rows.values_list("pk", *hidden):
                result[pk] = tuple(str(v) for v in values if v and len(str(v)) > 1)
    return result


def without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "［…］")
    return text
