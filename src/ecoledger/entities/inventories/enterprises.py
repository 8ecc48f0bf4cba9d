"""Enterprises and other polluters (企业档案)."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory, Question, declare
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import, Kind, View
from ecoledger.listings.tallies import EVERY, tally
from ecoledger.standards import identifiers

# What a code that another enterprise carries already can mean.
SAME, SITE, MISTAKE = "same", "site", "mistake"
IN_USE = "uscc_in_use"


def clean(firm: Enterprise, findings: Findings) -> None:
    """Credit code and permit number as their standards write them; no firm twice."""
    if firm.uscc:
        code = identifiers.parse_credit_code(firm.uscc)
        firm.uscc = findings.take("uscc", _("信用代码"), code)
        if code.ok:
            _code_in_use(firm, findings)
    if firm.permit_no:
        permit = identifiers.parse_permit_number(firm.permit_no)
        firm.permit_no = findings.take("permit_no", _("排污许可证"), permit)
    same = Enterprise.objects.filter(name=firm.name, area_code=firm.area_code)
    if same.exclude(pk=firm.pk).exists():
        findings.odd.append(_("本地已有同名企业，请核对是否重复登记"))


def _code_in_use(firm: Enterprise, findings: Findings) -> None:
    """A code that another firm carries: same firm, a further site of it, or a mistake? Only asked once."""
    twins = Enterprise.objects.filter(uscc=firm.uscc).exclude(pk=firm.pk).order_by("pk")
    twin = twins.first()
    if twin is None:
        return
    if firm.pk and Enterprise.objects.filter(pk=firm.pk, uscc=firm.uscc).exists():
        return  # settled when the code was entered
    names = {"name": twin.name, "code": twin.code}
    match findings.answers.get(IN_USE, ""):
        case "site":
            firm.parent = firm.parent or twin.parent or twin
            findings.odd.append(_("作为“%(name)s”的另一场所登记") % names)
        case "same":
            findings.wrong["uscc"] = (
                _("“%(name)s”（%(code)s）已登记，请在原档案上修改，不要重复登记") % names
            )
        case "mistake":
            findings.wrong["uscc"] = _("信用代码与“%(name)s”相同，请按证照改正") % names
        case _:
            findings.asked[IN_USE] = Question(
                _("信用代码已由“%(name)s”（%(code)s）使用，请说明") % names,
                (
                    (SAME, _("同一企业，重复登记")),
                    (SITE, _("同一企业的另一场所")),
                    (MISTAKE, _("代码填错")),
                ),
            )


ENTERPRISES = declare(
    Inventory(
        key="enterprise",
        label="企业",
        model=Enterprise,
        line="enforcement",
        at="/enterprises",
        letter="E",
        numbers={"uscc": "统一社会信用代码", "permit_no": "排污许可证编号"},
        clean=clean,
        answers=(IN_USE,),
        charges=("grid_worker",),
        enterprise="code",
        columns=("name", "code", "uscc", "industry", "area_code", "performance_grade", "is_key"),
        filters=("area_code", "is_key", "performance_grade", "industry_code"),
        search=("name", "code", "uscc", "permit_no", "industry", "identifiers__value"),
        fields=(
            "name", CODE, "area_code", "address", "lon", "lat", COORDINATES, "uscc",
            Ask(IN_USE, "信用代码已登记时", kind=Kind.CHOICE, required=False, stores=None,
                choices=((SAME, "同一企业，重复登记"), (SITE, "同一企业的另一场所"),
                         (MISTAKE, "代码填错"))),
            "permit_no", "industry", "industry_code", "is_key", "performance_grade", "contact",
            "phone", "since", "until",
        ),
        batch=("industry", "performance_grade", "is_key"),
        views=(View("key", "重点单位", {"is_key": "1"}),),
        imports=Import(
            key=("name", "area_code"),
            once={"uscc": IN_USE},
            headers={
                "name": ("企业名称", "单位名称", "排污单位名称", "污染源名称", "公司名称"),
                "code": ("对象编码", "企业编码"),
                "area_code": ("所属镇街", "镇街", "乡镇", "属地", "行政区划"),
                "address": ("企业地址", "详细地址", "生产经营场所地址"),
                "lon": ("中心经度", "经度(度)"),
                "lat": ("中心纬度", "纬度(度)"),
                "uscc": ("信用代码", "社会信用代码", "统一信用代码"),
                "permit_no": ("许可证编号", "排污许可证号"),
                "industry": ("行业名称", "行业类别", "所属行业"),
                "contact": ("联系人", "环保负责人"),
                "phone": ("电话", "联系方式"),
            },
            examples={"name": "示例印染有限公司", "uscc": "91350582M00000000Y",
                      "lon": "118.6432", "lat": "24.8123"},
        ),
        empty="还没有企业。导入一份名录，或逐家登记。",
    )
)  # fmt: skip

tally(ENTERPRISES, "key_count", "重点排污单位", Q(is_key=True), unit="家")
tally(ENTERPRISES, "key_ratio", "重点排污单位占比", Q(is_key=True), whole=EVERY, decimals=2)
