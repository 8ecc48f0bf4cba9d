"""主要污染物减排项目核算 (mechanism P7): each project's reduction by the formula of its kind, its proofs, the sum beside the target.

待核算 → 待审核 → 已认定. Kinds, what each asks, its formulas and its papers are data (``data/reduction_kinds.toml``);
what was used as a new project's regional offset does not count a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.accounts.wording import numbered
from ecoledger.entities.models import Area, Enterprise
from ecoledger.listings import own_data, own_files
from ecoledger.listings.parts import Ask, Choices, Import, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.matters.clocks import local
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.quota.holdings import AMOUNT
from ecoledger.registers.quota.reduction_targets import TARGETS, Counted
from ecoledger.standards import formula
from ecoledger.standards.rounding import plainly

ROOM = "ecoledger.registers.quota"
WORKERS = frozenset({Role.APPROVER, Role.DISPATCHER, Role.TOWN})
ACCOUNTANTS = frozenset({Role.APPROVER, Role.DISPATCHER})
REVIEWERS = frozenset({Role.SECTION_CHIEF, Role.LEADER})
# Pollutant -> the attribute that keeps what the project cuts.
KEPT = {"COD": "cod", "NH3-N": "nh3n", "NOx": "nox", "VOCs": "vocs"}
TONNES = {"max_digits": 12, "decimal_places": 3, "null": True, "blank": True, "editable": False}
GRAMS = Decimal("0.001")
# Far beyond what a project cuts, and than what an input comes to: more digits are not kept exactly.
MOST = 10**9


def _wrong(said: dict[str, Any]) -> list[str]:
    """Formulas that cannot be read, or ask for what no input gives."""
    wrong = []
    for row in said["kind"]:
        inputs = {field["key"] for field in row.get("inputs", ())}
        for pollutant, text in row.get("formulas", {}).items():
            where = f"{row.get('label', '')} {pollutant}"
            if pollutant not in KEPT:
                wrong.append(_("%s：不是核算的污染物") % where)
                continue
            try:
                unknown = set(formula.names(text)) - inputs
            except formula.FormulaError:
                wrong.append(_("%s：算式写错了") % where)
                continue
            if unknown:
                wrong.append(_("%(where)s：没有参数 %(names)s") % {
                    "where": where, "names": "、".join(sorted(unknown)),
                })  # fmt: skip
    return wrong


own_files.declare(own_files.Rules(ROOM, "reduction_kinds", "减排项目算式和佐证材料", wrong=_wrong))


def kinds() -> dict[str, dict[str, Any]]:
    """Every kind of project by its key, as the bureau's file or the shipped one has it."""
    return {row["key"]: row for row in own_data.read(ROOM, "reduction_kinds")["kind"]}


def kind_choices() -> tuple[tuple[str, str], ...]:
    return tuple((key, row["label"]) for key, row in kinds().items())


class ReductionProject(Matter):
    """One project that cuts emissions (减排项目)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_reduction_project"
    )
    year = models.PositiveSmallIntegerField("核算年度", db_index=True)
    kind = models.CharField("项目类型", max_length=20)
    planned_finish = models.DateField("计划完成", null=True, blank=True)
    finished_on = models.DateField("实际完成", null=True, blank=True)
    cod = models.DecimalField("化学需氧量减排 t", **TONNES)  # type: ignore[arg-type]
    nh3n = models.DecimalField("氨氮减排 t", **TONNES)  # type: ignore[arg-type]
    nox = models.DecimalField("氮氧化物减排 t", **TONNES)  # type: ignore[arg-type]
    vocs = models.DecimalField("挥发性有机物减排 t", **TONNES)  # type: ignore[arg-type]
    how = models.TextField("核算过程", blank=True, editable=False)

    class Meta:
        verbose_name = "减排项目"


class ReductionInput(models.Model):
    """One quantity that the formula of the kind asks for."""

    project = models.ForeignKey(ReductionProject, on_delete=models.CASCADE, related_name="inputs")
    name = models.CharField("参数", max_length=80)
    unit = models.CharField("单位", max_length=20, blank=True)
    value = models.DecimalField(
        "数值", max_digits=16, decimal_places=4, null=True, blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(MOST)],
    )  # fmt: skip
    basis = models.CharField("数据来源", max_length=120, blank=True)

    class Meta:
        verbose_name = "核算参数"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class ReductionProof(models.Model):
    """One paper that the kind asks for, and whether it is there."""

    project = models.ForeignKey(ReductionProject, on_delete=models.CASCADE, related_name="proofs")
    name = models.CharField("佐证材料", max_length=120)
    given = models.BooleanField("已提供", default=False)
    place = models.CharField("文件名或编号", max_length=120, blank=True)

    class Meta:
        verbose_name = "佐证材料"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class ReductionUse(models.Model):
    """What of it was used as a new project's regional offset (区域削减)."""

    project = models.ForeignKey(ReductionProject, on_delete=models.CASCADE, related_name="uses")
    pollutant = models.CharField("污染物", max_length=8, choices=Counted.choices)
    amount = models.DecimalField("已用于区域削减 t", **AMOUNT)  # type: ignore[arg-type]
    used_by = models.CharField("新建项目", max_length=120)

    class Meta:
        verbose_name = "区域削减使用"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.used_by} {self.pollutant} {self.amount}"


def _inputs(project: Any) -> list[dict[str, str]]:
    rows = kinds().get(project.kind, {}).get("inputs", ())
    return [{"name": r["label"], "unit": r.get("unit", "")} for r in rows]


def _proofs(project: Any) -> list[dict[str, str]]:
    return [{"name": name} for name in kinds().get(project.kind, {}).get("proofs", ())]


def _not_ready(project: Any) -> str:
    """What is missing before it can be computed."""
    if project.kind not in kinds():
        return _("没有这一类项目的算式。")
    names = list(project.inputs.exclude(value=None).values_list("name", flat=True))
    given = set(names)
    if twice := sorted(name for name in given if names.count(name) > 1):
        return _("参数重复：%s。") % _("、").join(twice)
    empty = [r["label"] for r in kinds()[project.kind]["inputs"] if r["label"] not in given]
    if empty:
        return _("缺少参数：%s。") % _("、").join(empty)
    missing = project.proofs.filter(given=False).count()
    return numbered("还有 %d 份佐证材料没有提供。", missing) % missing if missing else ""


def _account(step: Step) -> None:
    """Compute every pollutant of the kind, and take off what was used elsewhere."""
    project, kind = step.matter, kinds()[step.matter.kind]
    names = {row["key"]: row["label"] for row in kind["inputs"]}
    given = dict(project.inputs.exclude(value=None).values_list("name", "value"))
    quantities = {key: given[label] for key, label in names.items()}
    used = dict(project.uses.order_by().values_list("pollutant").annotate(Sum("amount")))
    lines = []
    for pollutant, attribute in KEPT.items():
        text = kind["formulas"].get(pollutant)
        if text is None:
            setattr(project, attribute, None)
            continue
        try:
            found = formula.value(text, quantities)
        except formula.FormulaError as error:
            raise Refused(
                "form",
                _("%(what)s无法计算：%(why)s。") % {"what": pollutant, "why": error},
                _("请核对参数和算式。"),
            ) from error
        if abs(found) >= MOST:
            raise Refused(
                "form", _("%s减排量过大。") % _(Counted(pollutant).label), _("请核对参数和算式。")
            )
        whole = (Decimal(found.numerator) / Decimal(found.denominator)).quantize(GRAMS)
        taken = used.get(pollutant, Decimal(0))
        if taken > whole:
            raise Refused("form", _("%(what)s减排 %(cut)s t，已用于区域削减 %(used)s t。") % {
                "what": pollutant, "cut": whole, "used": taken,
            }, _("请核对区域削减使用量。"))  # fmt: skip
        setattr(project, attribute, whole - taken)
        said = "，".join(f"{names[n]} {plainly(quantities[n])}" for n in formula.names(text))
        word = _(Counted(pollutant).label)
        line = f"{word} = {formula.worded(text, names)} = {plainly(whole)} t（{said}）"
        if taken:
            line += _("，扣除区域削减 %(used)s t，计 %(left)s t") % {
                "used": plainly(taken), "left": plainly(whole - taken),
            }  # fmt: skip
        lines.append(line)
    mark = own_data.read(ROOM, "reduction_kinds")["mark"]
    project.how = "\n".join([*lines, _("算式标记 %s") % mark])


def _forget(step: Step) -> None:
    """What goes back to be entered anew has no result."""
    for attribute in KEPT.values():
        setattr(step.matter, attribute, None)


def _settled(project: Any) -> tuple[str, ...]:
    """What was accounted for is what is recognised; to enter it anew it is sent back."""
    return (
        () if project.state == "new" else ("year", "kind", "area_code", "inputs", "proofs", "uses")
    )


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """Projects of this year; of each pollutant what is recognised, the target, and the share of it."""
    year = local(now).year
    own = rows.filter(year=year, merged_into=None).order_by()
    done = Q(state="recognised")
    n = own.aggregate(
        all=Count("pk", filter=~Q(phase="dismissed")),
        done=Count("pk", filter=done),
        **{attribute: Sum(attribute, filter=done) for attribute in KEPT.values()},
    )
    found = [
        Statistic("planned", "本年减排项目", n["all"], f"year={year}", "个"),
        Statistic("done", "已认定", n["done"], f"year={year}&state=recognised", "个"),
    ]
    for pollutant, attribute in KEPT.items():
        cut, word = n[attribute] or Decimal(0), str(Counted(pollutant).label)
        # Where only the names of the figures are asked, of no rows, nothing is looked up.
        target = None if own.query.is_empty() else _target(seen, pollutant, year)
        query = f"year={year}&state=recognised"
        found.append(Statistic(attribute, f"{word}已减排", float(cut), query, "t"))
        note = noop("没有登记年度目标") if target is None else ""
        found.append(
            Statistic(f"{attribute}_target", f"{word}减排目标", None if target is None else float(target), "", "t", note=note)
        )  # fmt: skip
        rate = float(100 * cut / target) if target else None
        found.append(
            Statistic(f"{attribute}_rate", f"{word}目标完成率", rate, query, "%", note=note)
        )
    return found


def _target(seen: Seen, pollutant: str, year: int) -> Decimal | None:
    """The target of the widest division that may be seen: the county's own, else its towns' together."""
    rows = seen(TARGETS).filter(year=year, pollutant=pollutant).order_by()
    found = list(rows.values_list("area_code", "target"))
    if not found:
        return None
    shortest = min(len(code) for code, _target in found)
    return sum((target for code, target in found if len(code) == shortest), Decimal(0))


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    year = local(now).year
    done = rows.filter(year=year, state="recognised", merged_into=None).order_by()
    areas = dict(Area.objects.values_list("code", "name"))
    labels = dict(kind_choices())
    sums = {attribute: Sum(attribute) for attribute in KEPT.values()}
    heads = ("项目", *(f"{_(Counted(pollutant).label)} t" for pollutant in KEPT))

    def table(path: str, word: dict[str, str]) -> tuple[tuple[tuple[str, ...], str], ...]:
        counted = done.values(key=F(path)).annotate(n=Count("pk"), **sums).order_by("key")
        return tuple(
            (
                (
                    word.get(row["key"], row["key"]), str(row["n"]),
                    *("—" if row[a] is None else plainly(row[a]) for a in KEPT.values()),
                ),
                f"{path}={row['key']}&year={year}&state=recognised",
            )
            for row in counted
        )  # fmt: skip

    return [
        Breakdown(noop("各镇街"), ("名称", *heads), table("area_code", areas)),
        Breakdown(noop("各类项目"), ("名称", *heads), table("kind", labels)),
    ]


class ReductionProjects(Register):
    """The book; kinds of projects are words of the bureau's data."""

    kinds: ClassVar[Mapping[str, Kind]] = {**Register.kinds, "kind": Kind.CHOICE}

    def own_choices(self) -> Mapping[str, Choices]:
        return {**super().own_choices(), "kind": kind_choices()}


PROJECTS = declare(ReductionProjects(
    key="reduction_project", label="减排项目核算", line="approval", tab="permits", model=ReductionProject,
    pattern="减核〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待核算", stage="核算", waits_for=ACCOUNTANTS),
            State("review", "待审核", stage="审核", waits_for=REVIEWERS),
            State("recognised", "已认定", phase=Phase.DONE),
            State("dropped", "不予认定", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("account", "核算并提交", "new", "review", by=ACCOUNTANTS, when=_not_ready, evidence=1,
                       asks=("finished_on",), takes_over=("finished_on",), effects=(_account,)),
            Transition("recognise", "认定", "review", "recognised", by=REVIEWERS, other_person_than=("account",)),
            Transition("send_back", "退回核算", "review", "new", by=REVIEWERS, asks=(REASON,),
                       effects=(_forget,), main=False),
            Transition("drop", "不予认定", ("new", "review"), "dropped", by=REVIEWERS, asks=(REASON,),
                       effects=(_forget,), danger=True, main=False),
        ),
        clocks=(ClockRule("finish", "计划完成", "new", deadline_field="planned_finish", extensions=(30, 60, 90),
                          basis="年度减排计划"),
                ClockRule("review", "审核", "review", working_days=5, basis=DEFAULT)),
    ),
    labels={"title": "项目名称", "entity": "企业", "area_code": "属地", "kind": "项目类型"},
    columns=("number", "title", "kind", "entity", "year", "cod", "nh3n", "nox", "vocs", "state", "due",
             "finished_on", "area_code"),
    filters=("state", "year", "kind", "area_code"), search=("number", "title", "entity__name"),
    fields=("year", "title", "kind", Ask("entity", to=Enterprise, required=False), "area_code",
            "planned_finish", "description"),
    details=("year", "kind", "planned_finish", "finished_on", "cod", "nh3n", "nox", "vocs", "how"),
    lines=(Lines(key="inputs", label="核算参数", model=ReductionInput,
                 columns=("name", "unit", "value", "basis"), first=_inputs, follows=("kind",)),
           Lines(key="proofs", label="佐证材料", model=ReductionProof, columns=("name", "given", "place"),
                 first=_proofs, follows=("kind",)),
           Lines(key="uses", label="区域削减使用", model=ReductionUse, columns=("pollutant", "amount", "used_by"))),
    imports=Import(key=("year", "title"), headers={
        "title": ("减排项目", "项目"), "kind": ("类型", "减排类型"), "entity": ("企业名称", "实施单位"),
        "area_code": ("镇街", "所在镇街"), "planned_finish": ("完成时限", "计划完成时间"), "year": ("年度",)},
        examples={"year": "2026", "title": "第一污水处理厂提标", "kind": "城镇污水处理厂扩建、提标或增水",
                  "area_code": "北镇", "planned_finish": "2026-10-31"}, future=("planned_finish",)),
    measures=(
        Measure(key="done_ratio", name="减排项目认定率", numerator=Q(state="recognised"),
                denominator=~Q(phase=Phase.DISMISSED.value)),
    ),
    settled=_settled, statistics=_statistics, breakdowns=_breakdowns, edit=WORKERS, manage=ACCOUNTANTS,
    empty="还没有减排项目。登记或导入年度减排计划，填写参数和佐证材料后核算认定。",
))  # fmt: skip
