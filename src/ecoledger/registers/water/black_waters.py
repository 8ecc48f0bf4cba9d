"""黑臭水体 (mechanism Q15): which waters are or were black and odorous, their tests, their treatment, and whether it comes back.

A test is judged by the limits of its kind (data, mark shown). A water is struck off on two good tests after its treatment
and the public's word; then it is looked at every quarter, and one bad test says that it is back (返黑返臭).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books.duty import Duty, Every
from ecoledger.books.log import Log
from ecoledger.entities import editing
from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.listings.tallies import tally
from ecoledger.matters import actions
from ecoledger.matters.measures import Measure
from ecoledger.matters.reasons import Reason
from ecoledger.matters.register import Register, Seen, Statistic
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON, Closing, with_effects
from ecoledger.registers.water.outfall_models import BlackWater, BlackWaterTest, BlackWaterWork

Standing, Stage = BlackWater.Standing, BlackWaterTest.Stage
TESTERS = STAFF | {Role.THIRD_PARTY}
DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF})
OWNERS = frozenset({Role.TOWN, Role.OFFICER, Role.MONITOR, Role.APPROVER, Role.DISPATCHER})
GOOD, LIGHT, HEAVY = "不黑臭", "轻度黑臭", "重度黑臭"
NAMES = {"clarity_cm": "透明度", "oxygen": "溶解氧", "orp_mv": "氧化还原电位", "ammonia": "氨氮"}


def rules() -> dict[str, Any]:
    return own_data.read(__package__, "black_water")


def judged(sort: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """The grade that test values come to, and by which of them; both "" where nothing was measured that a limit knows.

    A shallow water is judged by its clarity in proportion to its depth.
    """
    said, of_kind = rules(), rules()[sort]
    known = [name for name in NAMES if values.get(name) is not None and name in of_kind["light"]]
    if not known:
        return "", ""
    for grade, word in (("heavy", HEAVY), ("light", LIGHT)):
        bounds = of_kind.get(grade)
        if bounds is None:
            continue
        above = [name for name in known if _beyond(name, values, bounds[name], said["shallow"])]
        if above:
            why = "、".join(_(NAMES[name]) for name in above)
            return word if "heavy" in of_kind else _("黑臭"), f"{why}（{said['mark']}）"
    return GOOD, f"{'、'.join(_(NAMES[name]) for name in known)}（{said['mark']}）"


def _beyond(name: str, values: Mapping[str, Any], bound: float, shallow: Mapping[str, Any]) -> bool:
    value, limit = Decimal(values[name]), Decimal(str(bound))
    if name == "ammonia":
        return value > limit
    depth = values.get("depth_cm")
    if name == "clarity_cm" and depth is not None and depth < shallow["depth_cm"]:
        limit = min(limit, Decimal(depth) * shallow["percent"] / 100)
    return value < limit


# ---- inventory -----------------------------------------------------------------------------------


def _clean(water: BlackWater, findings: Findings) -> None:
    if water.gone_on and water.standing in (Standing.BLACK, Standing.TREATING):
        findings.odd.append(_("写了消除日期，而水体状况不是已消除"))


WATERS = declare(Inventory(
    key="black_water", label="黑臭水体", model=BlackWater, line="water", letter="B", clean=_clean,
    columns=("name", "code", "sort", "form", "standing", "list_level", "length_m", "size_m2", "cause", "keeper",
             "gone_on", "back_on", "area_code"),
    filters=("sort", "standing", "list_level", "form", "area_code", "gone_on"),
    fields=("name", CODE, "area_code", "address", "lon", "lat", COORDINATES, "sort", "form", "list_level", "length_m",
            "size_m2", "depth_cm", "cause", "keeper", "standing", "gone_on", "geometry"),
    labels={"geometry": "范围 GeoJSON"},
    views=(View("back", "返黑返臭", {"standing": "back"}), View("gone", "已消除", {"standing": "gone"})),
    imports=Import(
        key=("name",),
        columns=("name", "area_code", "address", "lon", "lat", "sort", "form", "list_level", "length_m", "size_m2",
                 "cause", "keeper", "standing", "gone_on"),
        headers={"name": ("水体名称", "黑臭水体名称"), "area_code": ("镇街",), "sort": ("黑臭水体类别",), "form": ("水体类型",),
                 "size_m2": ("黑臭面积", "水域面积"), "length_m": ("黑臭段长度",), "cause": ("污染成因", "主要成因"),
                 "list_level": ("清单",), "standing": ("治理状态",), "gone_on": ("完成日期",)},
        values={"standing": {"已完成": "gone", "完成治理": "gone", "未治理": "black"}},
        examples={"name": "东山村村前塘", "area_code": "北镇", "sort": "农村黑臭水体", "form": "塘", "size_m2": "1200",
                  "cause": "生活污水"},
    ),
    empty="还没有黑臭水体。导入城市和农村黑臭水体清单。",
))  # fmt: skip
tally(WATERS, "gone", "已消除的黑臭水体", Q(standing=Standing.GONE))
tally(WATERS, "back", "返黑返臭的水体", Q(standing=Standing.BACK), better="lower")
tally(
    WATERS,
    "gone_ratio",
    "黑臭水体消除率",
    Q(standing=Standing.GONE),
    whole=Q(),
    unit="%",
    decimals=1,
)

# ---- tests ---------------------------------------------------------------------------------------


class TestLog(Log):
    """Tests, judged when they are entered; a bad one of a water that was struck off says that it is back."""

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        test = super().open_row(_graded(values), by, at, **more)
        _comes_back(test, by, at)
        return test

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        kept = {name: getattr(row, name) for name in ("entity", "depth_cm", *NAMES)}
        graded = _graded({**kept, **values})
        return super().change_row(
            row, {**values, "grade": graded["grade"], "grounds": graded["grounds"]}, by, at
        )

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        if all(values.get(name) is None for name in NAMES):
            return {"clarity_cm": _("至少填一项监测值")}
        return {}


def _graded(values: Mapping[str, Any]) -> dict[str, Any]:
    water = BlackWater.objects.get(pk=values["entity"].pk)
    grade, grounds = judged(water.sort or BlackWater.Sort.RURAL, values)
    return {**values, "grade": grade, "grounds": grounds}


def _comes_back(test: BlackWaterTest, by: Person | None, at: datetime) -> None:
    """返黑返臭: the water's treatment is reopened by whoever tested, where he may, else by its desk."""
    if test.grade in ("", GOOD) or test.stage == Stage.BEFORE:
        return
    water = BlackWater.objects.get(pk=test.entity_id)
    if water.standing != Standing.GONE:
        return
    water.standing, water.back_on = Standing.BACK, timezone.localdate(test.at)
    editing.save(None, water, on=water.back_on, source=str(TESTS.label))
    done = ("closed", "review", "done")
    work = (
        BlackWaterWork.objects.filter(entity=water.pk, phase__in=done, withdrawn_at=None)
        .order_by("-pk")
        .first()
    )
    reason = _("监测%(grade)s：%(why)s") % {"grade": test.grade, "why": test.grounds}
    if work is not None:
        try:
            with transaction.atomic():
                actions.reopen(work.pk, by=by, form={"reason": reason}, at=at)
            return
        except (Refused, NotVisible):
            pass
    actions.open_matter(
        WORKS,
        {"title": _("%s返黑返臭") % water.name, "entity": water, "area_code": water.area_code, "description": reason,
         "synthetic": water.synthetic},
        by=None, at=at, origin_matter=work,
    )  # fmt: skip


TESTS: Any = declare(TestLog(
    key="black_water_test", offline=True, label="黑臭水体监测", model=BlackWaterTest, line="water", edit=TESTERS,
    columns=("entity", "at", "stage", "place", "clarity_cm", "depth_cm", "oxygen", "orp_mv", "ammonia", "grade", "grounds",
             "note", "area_code", "by"),
    filters=("stage", "grade", "area_code", "at"), search=("entity__name", "place", "note"),
    fields=(Ask("entity", "水体", to=BlackWater, required=True), "at", "stage", "place", "clarity_cm", "depth_cm",
            "oxygen", "orp_mv", "ammonia", "note"),
    labels={"entity": "水体"}, lead="entity",
    imports=Import(
        key=("entity", "at", "stage", "place"),
        headers={"entity": ("水体名称",), "at": ("监测日期", "监测时间"), "stage": ("监测阶段",), "place": ("监测点",),
                 "clarity_cm": ("透明度",), "oxygen": ("溶解氧",), "orp_mv": ("氧化还原电位",), "ammonia": ("氨氮",)},
        examples={"entity": "东山村村前塘", "at": "2026-06-01", "stage": "治理前", "clarity_cm": "12", "oxygen": "1.2",
                  "ammonia": "18.5"},
        future=(),
    ),
    empty="还没有监测。治理前后和巡查时登记透明度、溶解氧、氨氮等，系统按限值判定。",
))  # fmt: skip

WATCH = declare(Duty(
    key="black_water_watch", label="黑臭水体巡查监测", line="water",
    objects=BlackWater.objects.filter(standing=Standing.GONE, until=None).all, every=Every.QUARTER,
    owed_by=frozenset({Role.TOWN, Role.MONITOR}), fulfilled_by="black_water_test", remind_before=10,
    columns=("entity", "begin", "due", "state", "done_on"), filters=("state", "area_code", "due"),
    search=("entity__name",), edit=STAFF,
    empty="还没有要巡查的水体。消除后的水体每季度监测一次，防止返黑返臭。",
))  # fmt: skip

# ---- treatment -----------------------------------------------------------------------------------


def _proved(work: Any) -> str:
    """So many good tests after the treatment, since the last bad one."""
    need = rules()["closing"]["tests"]
    tests = BlackWaterTest.objects.filter(book=TESTS.key, current=True, entity=work.entity_id)
    bad = tests.exclude(grade__in=("", GOOD)).order_by("-pk").first()
    good = tests.filter(stage=Stage.AFTER, grade=GOOD, pk__gt=bad.pk if bad else 0).count()
    if not good and bad is not None and bad.stage == Stage.AFTER:
        return _("治理后监测仍为黑臭，不能申请销号。")
    if good < need:
        return _("治理后须有 %(need)d 次监测不黑臭，现有 %(there)d 次。") % {
            "need": need,
            "there": good,
        }
    return ""


def _content(step: Step) -> None:
    least = rules()["closing"]["satisfaction"]
    if step.matter.satisfaction is not None and step.matter.satisfaction < least:
        raise Refused("form", _("公众满意度低于 %s%%，不能申请销号。") % least,
                      fields={"satisfaction": [_("不足 %s%%") % least]})  # fmt: skip


def _write(standing: str) -> Any:
    def write(step: Step) -> None:
        water = BlackWater.objects.filter(pk=step.matter.entity_id).first()
        if water is None:
            return
        on = timezone.localdate(step.at)
        water.standing = standing
        if standing == Standing.GONE:
            water.gone_on = on
        elif standing == Standing.BACK:
            water.back_on = on
        editing.save(None, water, on=on, source=step.matter.number)

    return write


_closing = Closing(
    work="treating", applied_from="treating", applicants=OWNERS, by_owner=True,
    application=("satisfaction", said("result", "治理成效")), sets_on_application={"progress": 100},
    sets_on_rebound={"progress": 0}, offered_on_rebound=("deadline",),
    worked=("apply_close", "report_progress"), kept_from_returning=("apply_close",),
    reviewers=frozenset({Role.OFFICER, Role.MONITOR, Role.DISPATCHER}),
    reopeners=TESTERS, return_label="评估不通过，退回治理", rebound_label="返黑返臭，重开治理", stage="销号",
    days_before_look_back=180, working_days_of_look_back=20,
)  # fmt: skip

WORKFLOW = Workflow(
    states=(
        State("found", "识别", stage="识别", waits_for=DESK),
        State("treating", "治理中", stage="治理", waits_for=OWNERS, by_owner=True),
        _closing.check,
        *_closing.closed,
        State("not_black", "不属黑臭水体", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("assign_plan", "定方案，交办", "found", "treating", by=DESK,
                   asks=("measures", "deadline", "owner_organisation"), offers=("investment",),
                   effects=(_write(Standing.TREATING),)),
        Transition("dismiss", "认定不属黑臭水体", "found", "not_black", by=DESK, asks=(REASON,), evidence=1, main=False),
        Transition("report_progress", "填报进展", "treating", "treating", by=OWNERS, owner_only=True,
                   asks=(Ask("progress", minimum=0, maximum=100, unit="%"), said("progress_text", "进展")), main=False),
        *with_effects(_closing.transitions, {"apply_close": _content, "confirm_close": _write(Standing.GONE),
                                              "rebound": _write(Standing.BACK)}, {"apply_close": _proved}),
    ),
    clocks=(
        ClockRule("plan", "定方案", "found", working_days=20, basis=DEFAULT),
        ClockRule("deadline", "治理时限", ("treating", "close_check"), deadline_field="deadline", extensions=(30, 60),
                  basis="治理方案"),
        *_closing.clocks,
    ),
)  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    common = by_name(common_statistics(WORKS, rows, now))
    n = rows.filter(merged_into=None).exclude(state="not_black").order_by().aggregate(
        total=Count("pk"), done=Count("pk", filter=Q(phase__in=("closed", "review"))),
        treating=Count("pk", filter=Q(state__in=("treating", "close_check"))),
    )  # fmt: skip
    return [
        Statistic("total", "黑臭水体治理", n["total"], "state=found,treating,close_check,closed,look_back,archived", unit="处"),
        Statistic("done", "完成治理", n["done"], "closed=1", unit="处"),
        Statistic("treating", "治理中", n["treating"], "state=treating,close_check", unit="处"),
        share("done_share", "治理完成率", n["done"], n["total"], query="closed=1"),
        *(common[name] for name in ("overdue", "on_time", "recurrence")),
    ]  # fmt: skip


WORKS = declare(Register(
    key="black_water_work", label="黑臭水体治理", line="water", model=BlackWaterWork, workflow=WORKFLOW,
    pattern="黑臭〔{year}〕{n}号", reason=Reason("黑臭", kinds=("black_water",)),
    labels={"title": "名称", "description": "情况说明", "area_code": "属地", "entity": "水体"},
    columns=("number", "title", "entity", "state", "due", "year", "progress", "deadline", "satisfaction",
             "owner_organisation", "area_code", "closed_at"),
    filters=("state", "year", "area_code", "owner_organisation", "deadline", "closed_at"),
    search=("number", "title", "entity__name"),
    fields=("title", Ask("entity", "水体", to=BlackWater, required=True), "year", "measures", "investment",
            "owner_organisation", "deadline", "description"),
    batch=("owner_organisation", "owner", "deadline"),
    details=("year", "measures", "investment", "deadline", "progress", "satisfaction"),
    imports=Import(
        key=("title",),
        headers={"title": ("治理项目",), "entity": ("水体名称",), "year": ("年度",), "measures": ("治理方式",),
                 "owner_organisation": ("责任单位",)},
        examples={"title": "东山村村前塘治理", "entity": "东山村村前塘", "year": "2026", "deadline": "2026-12-31"},
    ),
    measures=(Measure(key="done", name="完成治理的黑臭水体", numerator=Q(phase__in=("closed", "review")), unit="处",
                      query={"closed": "1"}),),
    statistics=_statistics, edit=OWNERS, manage=DESK | {Role.LEADER},
    empty="还没有治理任务。对清单里的水体登记治理，按治理前后监测销号。",
))  # fmt: skip
