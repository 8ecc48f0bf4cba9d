"""信访投诉 as a register: imported as the platform exports it, its complainants known to few (mechanism E7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings import asked
from ecoledger.listings.catalogue import declare as declare_list
from ecoledger.listings.cells import area_name
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ImportBatch, ImportRow
from ecoledger.listings.parts import Ask, Column, Import, Kind, TableRow, View
from ecoledger.listings.refusals import Refused
from ecoledger.live import times
from ecoledger.matters import actions, history, repeats
from ecoledger.matters.history import REMARKS
from ecoledger.matters.measures import Measure
from ecoledger.matters.reasons import Reason
from ecoledger.matters.register import Register, declare
from ecoledger.matters.workflow import said
from ecoledger.registers.complaints import exports, proposals, statistics
from ecoledger.registers.complaints.complaint import Complaint
from ecoledger.registers.complaints.placing import Placed, locate
from ecoledger.registers.complaints.proposals import Repeat
from ecoledger.registers.complaints.workflow import WORKFLOW


@dataclass
class _Known:
    """The names of a moment: when they were read, and what was newest then."""

    register: exports.Register
    read: float
    newest: tuple[int, int]
    asked: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Complaints(Register):
    """The register, and what its imports and its list know beside any other's."""

    _known: list[_Known] = field(default_factory=list, init=False, repr=False)

    def known(self) -> exports.Register:
        """Divisions, units and firms by their names; read anew after a minute, and once there are new ones."""
        now = timezone.now().timestamp()
        known = self._known[0] if self._known else None
        if known is None or now - known.asked > 1:
            newest = (_newest(Entity), _newest(Organisation))
            if known is None or known.newest != newest or now - known.read > 60:
                known = _Known(exports.Register(), now, newest)
            known.asked = now
            self._known[:] = [known]
        return known.register

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        rows = super().conditions(query, person, now)
        if query.get("backlog") == "1":
            rows &= statistics.backlog(self.visible_to(person), now)
        if (original := asked.number(query.get("chain", ""))) is not None:
            rows &= Q(pk=original) | Q(merged_into=original)
        if query.get("unvisited") == "1":
            rows &= statistics.UNVISITED
        if query.get("repeated") == "1":
            rows &= statistics.repeated(self.visible_to(person))
        return rows

    def read_row(self, row: TableRow) -> None:
        """The platform has words of its own for where a complaint stands: ``exports`` reads them."""
        said, values = row.texts.get("status", ""), row.values
        filled = [name for name, text in row.texts.items() if text]
        if filled == ["source_no"]:
            row.refuse("description", _("只有编号一列，不是一件投诉"))
            return
        state = exports.state_of(said)
        if said and not state:
            row.warn("status", _("“%s”看不出是否办结，请核对") % said)
        elif state in ("done", "refused") and not values.get("closed_at"):
            row.warn("closed_at", _("已办结而没有写办结时间，按受理或举报时间计"))
        began, ended = (str(values.get(n) or "")[:10] for n in ("opened_at", "closed_at"))
        if wrong := history.impossible(began, ended, timezone.localdate().isoformat()):
            row.refuse("closed_at" if ended else "opened_at", wrong)

    def history_of(
        self, values: Mapping[str, Any], said: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        return dict(values) if values.get("closed_at") else None

    def attributes_of(self, values: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
        return exports.complaint_of(values, said, self.known())

    def openly(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        return exports.openly(cells)

    def likely_repeats(
        self, rows: list[ImportRow], by: Person | None
    ) -> Iterable[tuple[ImportRow, str, str, str]]:
        """Rows that seem to repeat another of the file, or one that is here and ``by`` may see."""
        compared, places, called = [], {}, {}
        for row in rows:
            if not row.errors:
                places[row.place] = row
                compared.append(_as_row(row))
        days = [case.day for case in compared if case.day]
        if not days:
            return
        first = times.midnight(min(days))
        here = proposals.standing(first)
        if by is not None:
            here = here.filter(pk__in=self.visible_to(by).order_by().values("pk"))
        for complaint in here.iterator(chunk_size=2000):
            key = f"#{complaint.pk}"
            called[key] = complaint.number
            compared.append(proposals.as_row(complaint, key, area_name(complaint.area_code)))
        for chain in repeats.chains(compared):
            original, *again = (str(key) for key in chain.keys)
            for place in again:
                if place in places:
                    name = called.get(original, original)
                    yield places[place], original, name, "、".join(chain.reasons)

    def opening_of(
        self, values: Mapping[str, Any], batch: Any, row: Any, at: datetime
    ) -> Mapping[str, Any]:
        """Open what is not over where it stands by the platform; its clocks run since then."""
        values = {"origin": batch.file_name, **values}
        state, number = str(values.pop("state", "")), str(values.pop("number", ""))
        since = values.get("accepted_at") if state == "handling" else None
        began = since or values.get("opened_at") or at
        told = {"file": batch.file_name, "row": row.place, **row.texts}
        told |= {"description": values.get("description", ""), "subject": values.get("title", "")}
        return {"values": values, "at": began, "form": told, "number": number, "state": state}

    def import_rows(
        self, rows: list[tuple[dict[str, Any], Any]], batch: Any, by: Person | None, at: datetime
    ) -> list[Any]:
        exports.without_taken(values for values, _row in rows)
        return super().import_rows(rows, batch, by, at)

    def later_values(self, thing: Any, values: dict[str, Any]) -> dict[str, Any]:
        return {} if thing.merged_into_id is not None else exports.later(thing, values)

    def follow_row(
        self, thing: Any, changed: dict[str, Any], batch: Any, row: Any, by: Any, at: datetime
    ) -> None:
        """What the platform says anew; who complained is not repeated on the timeline."""
        values = dict(changed)
        state, ended = values.pop("state", ""), values.pop("closed_at", None)
        actions.follow(
            thing.pk, values, by=by, at=at, state=state, ended=ended, unsaid=exports.IDENTITY,
            note=f"{batch.file_name} {row.place}",
        )  # fmt: skip

    def import_history(
        self, rows: list[dict[str, Any]], batch: Any, by: Person | None, at: datetime
    ) -> list[Any]:
        """Columns nobody declared may name the complainant: they stay on the import's own rows."""
        kept = [{n: value for n, value in row.items() if n != REMARKS} for row in rows]
        exports.without_taken(kept)
        return super().import_history(kept, batch, by, at)

    def imported(self, batch: ImportBatch, made: int, by: Person | None, at: datetime) -> None:
        """Keep what the preview proposed, for the rows that came in."""
        super().imported(batch, made, by, at)
        told = batch.rows.exclude(made=None).only(
            "sheet", "number", "made", "repeats_of", "warnings"
        )
        rows = {row.place: row for row in told}
        pairs = []
        for row in rows.values():
            other = rows.get(row.repeats_of)
            target = other.made if other else _number_of(row.repeats_of)
            if row.made and target and row.warnings:
                why = str(row.warnings[-1]["message"])
                pairs.append((row.made, target, why.partition("（")[2].rstrip("）")))
        proposals.keep(pairs)


def _number_of(place: str) -> int | None:
    return asked.number(place[1:]) if place.startswith("#") else None


def _newest(model: type[Entity | Organisation]) -> int:
    return model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _as_row(row: ImportRow) -> repeats.Complaint:
    said = row.values
    opened = str(said.get("opened_at") or "")[:10]
    return repeats.Complaint(
        key=row.place,
        day=datetime.fromisoformat(opened).date() if opened else None,
        text=str(said.get("description") or said.get("subject") or ""),
        firm=str(said.get("target") or ""),
        address=str(said.get("address") or ""),
        telephone=str(said.get("telephone") or ""),
        town=str(said.get("town") or ""),
        media=str(said.get("kinds") or said.get("class") or ""),
        trade=str(said.get("industry") or ""),
    )


def _named(complaint: Complaint) -> None:
    """Who complains under his own name says it."""
    if complaint.import_batch_id is None and complaint.real_name and not complaint.complainant:
        raise Refused(
            "form",
            _("实名举报要写明举报人。"),
            _("请填写举报人，或将“实名举报”改为“否”。"),
            {"complainant": [_("实名举报请填写姓名")]},
        )


def _prepare(complaint: Complaint) -> None:
    """Name it by what it is about; the complainant's name and telephone stay out of what everybody reads."""
    # What another ledger ended and asked back stands where that was asked, whatever word it has for it.
    if complaint.state == "done" and complaint.satisfaction not in statistics.UNASKED:
        complaint.state = "visited"
    tidy(complaint)
    if not complaint.title:
        row = {n: getattr(complaint, n) for n in ("target", "pollution", "description", "address")}
        complaint.title = exports.title_of(row)
    if complaint.lon is None and complaint.import_batch_id is None:
        where = {"area_code": complaint.area_code, "address": complaint.address,
                 "description": complaint.description}  # fmt: skip
        book: Any = REGISTER
        locate(where, book.known().places)
        complaint.lon, complaint.lat = where.get("lon"), where.get("lat")
        complaint.placed = where.get("placed", "")
    elif not complaint.placed and complaint.lon is not None:
        complaint.placed = Placed.FIRM if complaint.entity_id else Placed.GIVEN


def tidy(complaint: Complaint) -> None:
    """Whoever writes something on it: what everybody reads names no complainant."""
    names = (*exports.IDENTITY, *exports.TOLD, *exports.WRITTEN)
    row = {name: getattr(complaint, name) for name in names}
    exports.mask(row)
    for name, text in row.items():
        setattr(complaint, name, text)
    if complaint.state == "done" and not complaint.satisfaction:
        complaint.satisfaction = Complaint.Satisfaction.NOT_ASKED
    _tidy_evidence(complaint)


def _tidy_evidence(complaint: Complaint) -> None:
    """Files that came in before it was known who complained are named as those that came in after."""
    if complaint.pk is None or not (complaint.complainant or complaint.telephone):
        return
    for file in complaint.evidence.only("name", "caption"):
        openly = [_said_openly(complaint, "title", text) for text in (file.name, file.caption)]
        if openly != [file.name, file.caption]:
            file.name, file.caption = (text[:200] for text in openly)
            file.save(update_fields=["name", "caption"])


def _said_openly(matter: Any, name: str, text: str) -> str:
    complaint = matter if isinstance(matter, Complaint) else matter.as_complaint
    known = {called: getattr(complaint, called, "") for called in ("telephone", "complainant")}
    return exports.openly_said(known, name, text)


def _repeats_of(entered: Mapping[str, Any], person: Person) -> list[Complaint]:
    book: Any = REGISTER
    return proposals.repeats_of(entered, book.visible_to(person))


def _text(name: str, label: str) -> Any:
    return said(name, label, Kind.TEXT, required=False)


REGISTER = declare(Complaints(
    key="complaint", label="信访投诉", line="enforcement",
    reason=Reason("信访投诉", days=90), model=Complaint, workflow=WORKFLOW,
    pattern="信访〔{year}〕{n}号",
    labels={"title": "问题", "description": "举报内容", "area_code": "镇街", "address": "详细地址",
            "opened_at": "举报时间", "entity": "对应企业", "owner_organisation": "办理单位"},
    columns=("number", "title", "state", "due", "owner_organisation", "channel", "pollution", "target",
             "area_code", "complainant", "telephone", "real_name", "industry", "verdict",
             "satisfaction", "opened_at", "accepted_at", "closed_at", "reopened"),
    filters=("state", "area_code", "pollution", "channel", "owner_organisation", "verdict",
             "satisfaction", "target", "industry", "real_name", "placed", "opened_at"),
    search=("number", "title", "description", "address", "target", "source_no", "complainant",
            "telephone"),
    fields=(Ask("channel", required=True), "opened_at", "complainant", "telephone", "real_name", "target",
            Ask("entity", to=Enterprise, required=False), "area_code", "address", "pollution", "industry", Ask("description", required=True), "wanted",
            "source_no", "urgency", "deadline"),
    repeats_in=("answering", "review"),
    loose=("complainant", "description", "telephone", "real_name", "pollution", "industry", "remark"),
    batch=("owner_organisation", "owner", "deadline", "industry", "remark"),
    details=("source_no", "channel", "complainant", "telephone", "as_told", "real_name", "target",
             "pollution", "industry", "wanted", "urgency", "deadline", "accepted_at", "refusal",
             "transferred_to", "handled_by", "on_site_at", "verdict", "findings", "answer",
             "answered_at", "satisfaction", "visited_at", "placed", "remark"),
    hidden=dict.fromkeys(exports.IDENTITY, "see_complainants"),
    views=(
        View("new", "待受理", {"state": "new"}, "due"),
        View("backlog", "治重化积", {"backlog": "1"}),
        View("repeated", "重复投诉", {"repeated": "1"}),
        View("unvisited", "待回访", {"unvisited": "1"}),
        View("dissatisfied", "不满意件", {"satisfaction": "dissatisfied"}),
    ),
    imports=Import(
        key=("source_no",), duplicate_of="repeats", tells_past=True, updates=True,
        columns=("source_no", "opened_at", "complainant", "telephone", "real_name", "target", "address",
                 "industry", "description", "urgency", "deadline", "accepted_at", "handled_by",
                 "closed_at", "findings", "answer", "remark", "lon", "lat",
                 _text("way", "举报类型"), _text("town", "行政区划"), _text("kinds", "污染类型"),
                 _text("status", "受理状态"), _text("why_refused", "不受理原因"),
                 _text("verdict", "是否属实"), _text("satisfaction", "回访结果"),
                 _text("class", "分类"), _text("subject", "工单标题"), _text("repeats", "重复于")),
        headers={
            "source_no": ("受理编号", "工单编号", "信访编号", "编号", "投诉编号", "工单号", "信件编号", "信件号", "信访件编号", "受理号", "件号", "登记编号", "流水号"),
            "opened_at": ("投诉时间", "来电时间", "登记时间", "信访时间", "诉求时间", "创建时间", "信访日期", "写信时间", "来信时间", "反映时间", "投诉日期", "举报日期", "来电日期", "受理登记时间"),
            "complainant": ("投诉人", "来电人", "信访人", "举报人姓名", "诉求人", "反映人", "反映人信息姓名", "姓名", "写信人", "来信人", "市民姓名", "联系人"),
            "telephone": ("电话", "手机", "举报人电话", "来电号码", "联系方式", "手机号码", "手机号", "联系号码", "反映人电话", "投诉人电话", "来电人电话"),
            "real_name": ("是否实名",), "target": ("被举报单位（对象）", "被投诉单位", "被举报对象", "投诉对象", "被反映单位", "被反映对象", "信访对象", "反映对象", "被举报单位名称", "被投诉人", "涉事单位", "污染源名称"),
            "address": ("地址", "被举报地址", "事发地址", "问题地址", "被举报单位地址", "发生地址", "事件地址", "诉求地址"), "industry": ("行业类别", "所属行业"),
            "description": ("主要内容", "投诉内容", "诉求内容", "信访内容", "反映内容", "工单内容", "信件内容", "反映问题", "举报问题", "诉求描述", "问题描述", "交办问题基本情况", "反映情况"),
            "urgency": ("缓急",), "deadline": ("办理时限", "限办时间", "要求办结时间", "办结期限"),
            "accepted_at": ("受理日期",), "handled_by": ("办理单位", "承办单位", "责任单位", "处理单位", "转办单位", "主办单位", "交办单位", "责任部门"),
            "closed_at": ("完结时间", "结案时间", "办结日期", "回复时间", "办理完成时间"), "findings": ("办理情况", "调查情况", "处理情况", "办理结果", "处理结果", "调查核实情况", "处理和整改情况", "核查情况"),
            "answer": ("答复内容", "回复意见", "答复意见"), "way": ("渠道", "受理渠道", "投诉方式", "来源渠道", "来源", "举报方式", "信访方式", "诉求来源", "举报途径"),
            "town": ("所属区域", "镇街", "属地", "区域", "行政区域", "所在镇街", "所属镇街", "所在乡镇", "所属乡镇", "乡镇", "镇（街道）", "乡镇（街道）"), "kinds": ("投诉类型", "污染类别", "污染要素", "污染因子类别"),
            "status": ("状态", "工单状态", "办理状态", "办结状态", "是否办结", "办理进度"),
            "why_refused": ("不（未）受理原因", "未受理原因"), "verdict": ("属实情况", "核查结果"),
            "satisfaction": ("满意度", "回访满意度", "评价", "群众满意度", "满意情况"), "class": ("问题分类", "工单分类", "来电类别", "诉求类型", "诉求分类", "信访类别"),
            "subject": ("标题", "事项名称"), "repeats": ("重复关联件编号", "重复件编号", "关联工单"),
        },
        examples={
            "source_no": "D990181202601220003", "opened_at": "2026-01-22 10:06", "way": "电话",
            "complainant": "某先生", "telephone": "10200000000", "real_name": "是", "target": "示例养猪场",
            "town": "北镇", "address": "振兴大道29号", "kinds": "水、大气", "industry": "畜牧业",
            "description": "养猪场粪污直排", "status": "受理中",
        },
    ),
    # Its own comparison goes by channel.
    tidy=tidy, said_openly=_said_openly,
    told_to_owner={"answering": ("complainant", "telephone")}, entered_with="see_complainants",
    compared=(), statistics=statistics.statistics, breakdowns=statistics.breakdowns, prepare=_prepare, holds_to=_named,
    opened=proposals.propose_for,
    repeats_of=_repeats_of,
    measures=(
        Measure(key="repeat", name="信访重复率", numerator=Q(merged_into__isnull=False),
                denominator=Q(), dated="opened_at", unit="%", higher_is_better=False),
        Measure(key="satisfied", name="回访满意率", numerator=Q(satisfaction__in=statistics.CONTENT),
                denominator=Q(satisfaction__in=statistics.ANSWERED), dated="closed_at", unit="%"),
    ),
    edit=frozenset({Role.COMPLAINT, Role.DISPATCHER, Role.OFFICER}),
    manage=frozenset({Role.COMPLAINT, Role.DISPATCHER, Role.LEADER}),
    empty="还没有信访投诉。导入全国平台或12345的导出表（原表即可），或登记来电来访。",
))  # fmt: skip


_DECIDED = ((Repeat.State.CONFIRMED.value, "确认重复"), (Repeat.State.REJECTED.value, "不是重复"))


class Repeats(Listing):
    """Proposals are made by the machine; a person only decides them."""

    def visible_to(self, person: Person) -> QuerySet[Any]:
        """Of the complaints that the person may see: who may see none is told of no likeness either."""
        return (
            super()
            .visible_to(person)
            .filter(complaint__in=REGISTER.visible_to(person).values("pk"))
        )

    def may_open(self, person: Person) -> bool:
        return False

    def may_change(self, person: Person) -> bool:
        return REGISTER.may_manage(person)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        if by is None or row.state != Repeat.State.PROPOSED:
            raise Refused("state", _("这一条已经确认过。"))
        same = values.get("state") == Repeat.State.CONFIRMED
        _done, skipped = proposals.decide([row.pk], same=same, by=by, at=at)
        if skipped:
            raise Refused("condition", "；".join(skipped))
        return row


REPEATS = declare_list(Repeats(
    key="complaint_repeat", label="疑似重复投诉", line="enforcement", model=Repeat,
    area="complaint__area_code",
    columns=(Column("complaint__number", "投诉件"), Column("complaint__title", "问题"),
             Column("complaint__opened_at", "举报时间"), Column("original__number", "疑似原件"),
             Column("original__title", "原件问题"), Column("original__opened_at", "原件时间"),
             "reasons", "state", "decided_by", "decided_at"),
    fields=(Ask("state", "结论", choices=_DECIDED),), batch=(Ask("state", "结论", choices=_DECIDED),),
    filters=("state",), search=("complaint__number", "complaint__title", "original__number"),
    lead="complaint__number", views=(View("proposed", "待确认", {"state": "proposed"}),),
    edit=BUREAU, empty="没有疑似重复的投诉。导入或登记后自动比对，由人确认。",
))  # fmt: skip
