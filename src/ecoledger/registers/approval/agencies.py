"""环评编制单位 (mechanism P4): the agencies that write assessments, and their yearly star rating as it is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models import Avg, Count, Q, Sum
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.listings import own_data, own_files
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Import
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import EVERY, tally
from ecoledger.standards import identifiers

DESK = frozenset({Role.APPROVER, Role.SECTION_CHIEF})


def rules() -> dict[str, Any]:
    """Items, stars and points as the bureau's file has them."""
    return own_data.read(__package__, "eia_quality")


def _wrong(said: dict[str, Any]) -> list[str]:
    """Items that do not come to the whole, stars that are not told from the best down."""
    result = []
    total = sum(Decimal(str(item["full"])) for item in said["item"])
    if total != Decimal(str(said["full"])):
        result.append(_("各项满分合计 %(n)s，应为 %(full)s") % {"n": total, "full": said["full"]})
    least = [star["least"] for star in said["star"]]
    if least != sorted(least, reverse=True) or not least or least[-1] != 0:
        result.append(_("星级应从高到低，最低一档为 0 分"))
    return result


own_files.declare(
    own_files.Rules(__package__, "eia_quality", "环评文件复核与星级评定", wrong=_wrong)
)


class EiaAgency(models.Model):
    """A unit that writes assessment documents (编制单位)."""

    name = models.CharField("编制单位", max_length=120, unique=True)
    uscc = models.CharField("统一社会信用代码", max_length=40, blank=True, db_index=True)
    credit_no = models.CharField("信用平台编号", max_length=40, blank=True)
    place = models.CharField("住所", max_length=200, blank=True)
    engineers = models.PositiveSmallIntegerField("编制主持人数", null=True, blank=True)
    contact = models.CharField("联系人", max_length=60, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    listed = models.CharField(
        "信用名单", max_length=20, blank=True, help_text="守信、重点监督检查、限期整改、黑名单"
    )
    listed_until = models.DateField("名单期限", null=True, blank=True)

    class Meta:
        verbose_name = "环评编制单位"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AgencyRating(models.Model):
    """One agency's rating of a year, as it was published (星级评定)."""

    agency = models.ForeignKey(
        EiaAgency, verbose_name="编制单位", on_delete=models.PROTECT, related_name="ratings"
    )
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    documents = models.PositiveSmallIntegerField("复核文件")
    mean = models.DecimalField("平均分", max_digits=5, decimal_places=1, null=True, blank=True)
    lowest = models.DecimalField("最低分", max_digits=5, decimal_places=1, null=True, blank=True)
    points = models.PositiveSmallIntegerField("失信记分", default=0)
    stars = models.CharField("星级", max_length=20)
    published_on = models.DateField("公布日期")

    class Meta:
        verbose_name = "编制单位星级"
        ordering = ["-year", "-mean", "agency_id"]
        constraints = [models.UniqueConstraint(fields=["agency", "year"], name="one_rating_a_year")]

    def __str__(self) -> str:
        return f"{self.agency} {self.year} {self.stars}"


class Agencies(Listing):
    """The agencies; they lie in no division of the bureau's."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        return _wrong_code(values)

    @property
    def further_pages(self) -> tuple[tuple[Any, str], ...]:
        return (("星级评定", "/approval/agencies"),)


def _wrong_code(values: Mapping[str, Any]) -> dict[str, str]:
    code = str(values.get("uscc") or "")
    if not code:
        return {}
    read = identifiers.parse_credit_code(code)
    return {} if read.ok else {"uscc": "；".join(problem.text for problem in read.problems)}


AGENCIES = declare(Agencies(
    key="eia_agency", label="环评编制单位", line="approval", model=EiaAgency, area="",
    columns=("name", "uscc", "credit_no", "engineers", "listed", "listed_until", "contact"),
    filters=("listed",), search=("name", "uscc", "credit_no"),
    fields=("name", "uscc", "credit_no", "place", "engineers", "contact", "phone", "listed", "listed_until"),
    lead="name", order=("name",), edit=DESK,
    imports=Import(key=("name",), updates=True,
                   headers={"name": ("环评机构", "单位名称", "机构名称"), "uscc": ("信用代码",), "credit_no": ("信用编号",),
                            "listed": ("名单类型",)},
                   examples={"name": "示例环境科技有限公司", "engineers": "4"}),
    empty="还没有编制单位。导入在本地承接环评的单位。",
))  # fmt: skip
declare_lookup(Lookup(
    key="eia_agency", model=EiaAgency, label="环评编制单位", rows=lambda _person: EiaAgency.objects.all(),
    exact=("name", "uscc", "credit_no"), see="see_matters",
))  # fmt: skip
RATINGS = declare(Listing(
    key="agency_rating", label="编制单位星级", line="approval", model=AgencyRating, area="", see="see_matters",
    columns=("agency", "year", "documents", "mean", "lowest", "points", "stars", "published_on"),
    filters=("year", "stars"), search=("agency__name",), lead="agency", under=("stars",), order=("-year", "-mean", "pk"),
    edit=frozenset(), empty="还没有公布过星级。在“星级评定”页按年度复核结果公布。",
))  # fmt: skip
tally(AGENCIES, "all", "环评编制单位", EVERY, unit="家")
tally(AGENCIES, "listed", "列入信用名单的编制单位", ~Q(listed=""), unit="家")


@dataclass(frozen=True, slots=True)
class Rated:
    """An agency's year so far: documents reviewed, mean, lowest, points, and the stars that follow."""

    agency: EiaAgency
    documents: int
    mean: Decimal | None
    lowest: Decimal | None
    points: int
    stars: str
    word: str


def stars_of(mean: Decimal, said: Mapping[str, Any] | None = None) -> str:
    """The stars of a mean score; the first that it reaches, best first."""
    table = (said or rules())["star"]
    return next(str(star["label"]) for star in table if mean >= Decimal(str(star["least"])))


def rated(year: int) -> list[Rated]:
    """Every agency with documents reviewed in a year, the best first."""
    said = rules()
    counted = EiaAgency.objects.annotate(
        n=Count("reviews", filter=_counts(year)), average=Avg("reviews__score", filter=_counts(year)),
        worst=models.Min("reviews__score", filter=_counts(year)),
        # Points are what a second person decides here: those of an earlier ledger restrict nobody.
        taken=Sum("reviews__points", filter=_counts(year) & Q(reviews__history=False)),
    ).filter(n__gt=0)  # fmt: skip
    rows = []
    for agency in counted:
        mean = Decimal(str(agency.average)).quantize(Decimal("0.1"))
        points = agency.taken or 0
        word = _("限制") if points >= said["limit"] else _("警示") if points >= said["warn"] else ""
        # Who is restricted has the lowest stars, whatever the mean.
        stars = stars_of(Decimal(0), said) if points >= said["limit"] else stars_of(mean, said)
        rows.append(Rated(agency, agency.n, mean, agency.worst, points, stars, word))
    return sorted(rows, key=lambda row: (-(row.mean or 0), row.agency.name))


def _counts(year: int) -> Q:
    """Reviews of a year that have a score and stand."""
    return Q(
        reviews__year=year, reviews__score__isnull=False, reviews__withdrawn_at=None,
        reviews__merged_into=None, reviews__phase="done",
    )  # fmt: skip


@transaction.atomic
def publish(year: int, *, by: Person, at: datetime) -> int:
    """Keep the ratings of a year as they are now. Raises :class:`Refused` for a year that was published, or is empty."""
    if AgencyRating.objects.filter(year=year).exists():
        raise Refused("state", _("%d 年度的星级已公布。") % year)
    rows = rated(year)
    if not rows:
        raise Refused("condition", _("%d 年度没有已完成的复核。") % year)
    day = at.date()
    for row in rows:
        AgencyRating.objects.create(
            agency=row.agency, year=year, documents=row.documents, mean=row.mean, lowest=row.lowest,
            points=row.points, stars=row.stars, published_on=day,
        )  # fmt: skip
    details = {row.agency.name: [str(row.mean), row.points, row.stars] for row in rows}
    audit.record(by, "agency_rating.publish", None, details={"year": year, "ratings": details})
    return len(rows)


def may_publish(person: Person) -> bool:
    return person.has_role(Role.SECTION_CHIEF, Role.LEADER) and person.has_role(*STAFF)
