"""Work done before the visitor came: cases at every stage, a problem ledger, a filed shutdown.

Everything goes through the same actions as in the pages, by the people whose turn it was, so the
histories, clocks and statistics are as they would be.
"""

from __future__ import annotations

import random
import zlib
from datetime import datetime, timedelta
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image, ImageDraw

from demo import stories
from demo.city import SEED, TOWN_CODE
from ecoledger.accounts.models import Person
from ecoledger.entities.models import Enterprise, Section
from ecoledger.matters import actions
from ecoledger.matters.evidence import Upload
from ecoledger.monitoring.models import Filing
from ecoledger.registers.alarms.alarm_case import AlarmCase
from ecoledger.registers.problems import problem_ledger


def aware(moment: datetime) -> datetime:
    """A China-standard-time moment as business records carry it."""
    return timezone.make_aware(moment)


def person(username: str) -> Person:
    """One of the demonstration's people."""
    return Person.objects.get(username=username)


def town_person(area_code: str) -> Person:
    """The environment clerk of the town."""
    return Person.objects.get(organisation__area_code=area_code[:9], username__startswith="zhen")


def picture(text: str) -> Upload:
    """A small picture that says it is synthetic."""
    image = Image.new("RGB", (640, 420), (214, 226, 222))
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 620, 400), outline=(90, 110, 105), width=3)
    draw.text((40, 40), f"SYNTHETIC DEMO EVIDENCE\n{text}", fill=(40, 55, 50))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=70)
    name = f"demo-{zlib.crc32(text.encode()):08x}.jpg"
    return Upload(
        SimpleUploadedFile(name, buffer.getvalue(), "image/jpeg"), caption="现场照片（合成数据）"
    )


def file_shutdown(plan: stories.Stories) -> Filing:
    """The cement works files its shutdown before it begins."""
    begin, end = plan.shutdown
    firm = Enterprise.objects.get(code=stories.SHUT_DOWN)
    by = Person.objects.get(organisation__entity_code=firm.code)
    return Filing.objects.create(
        entity=firm,
        kind=Filing.Kind.SHUTDOWN,
        begin=aware(begin),
        end=aware(end),
        reason="窑系统计划检修，期间不生产（合成数据）",
        filed_by=by,
        filed_at=aware(begin - timedelta(hours=16)),
        area_code=firm.area_code,
    )


def _officer(number: int) -> Person:
    return person(("zhifa", "zhifa2", "zhifa3")[number % 3])


_CAUSES = (
    ("discharge", "治理设施运行参数偏离，药剂投加不足", "已调整运行参数并补充药剂，现场复测达标"),
    ("process", "原料更换期间工况波动", "已恢复正常工况，增加巡检频次"),
    ("treatment_off", "治理设施检修后未及时投用", "治理设施已恢复运行，企业已作书面检查"),
    ("diffuse", "周边工地扬尘和道路积尘", "已督促洒水抑尘、裸土覆盖"),
    ("upstream", "上游来水浓度升高", "已会同上游属地排查，关闭违规排口"),
)


def work_cases(now: datetime) -> int:
    """Carry the cases of past days as far as people would have by ``now``; returns how many moved."""
    chance = random.Random(SEED)
    desk, chief = person("jiance"), person("diaodu")
    moved = 0
    for number, case in enumerate(AlarmCase.objects.order_by("opened_at", "pk")):
        opened = timezone.localtime(case.opened_at).replace(tzinfo=None)
        age = now - opened
        if age < timedelta(hours=10):
            continue
        town = town_person(case.area_code)
        moment = opened + timedelta(minutes=chance.randint(15, 150))

        def step(
            name: str,
            by: Person | None,
            hours: tuple[float, float],
            pk: int = case.pk,
            files: tuple[Upload, ...] = (),
            **form: object,
        ) -> bool:
            """One transition some hours after the last; nothing once the present is reached."""
            nonlocal moment
            later = moment + timedelta(hours=chance.uniform(*hours))
            if later >= now:
                return False
            moment = later
            actions.perform(pk, name, by=by, form=form, files=files, at=aware(moment))
            return True

        moved += 1
        # The firm was asked first; this one let its four hours pass.
        if case.state == "asked" and not step("no_reply", None, (3.9, 4.1)):
            continue
        minor = case.level in ("blue", "yellow")
        if minor and number % 4 == 3:
            step(
                "dismiss",
                desk,
                (0.2, 3),
                false_reason="instrument",
                grounds="调阅仪器状态与质控记录，数值为校准期间产生，报警前后正常。",
            )
            continue
        cause, source, measures = _CAUSES[number % len(_CAUSES)]
        (
            step(
                "dispatch",
                chief,
                (0.3, 2.5),
                owner_organisation=str(town.organisation_id),
                owner=str(town.pk),
                finding="数据有效，非仪器原因，情况属实。",
                instruction="请立即赴现场排查，三个工作日内反馈。",
            )
            and step("accept", town, (0.3, 3))
            and step(
                "trace_done",
                town,
                (3, 44),
                cause=cause,
                source=source,
                measures=measures,
                files=(picture(f"case {case.pk} site"),),
            )
            and step("supervise", _officer(number), (3, 20), inspection="现场复核，措施已落实。")
            and step(
                "apply_close",
                town,
                (1, 8),
                feedback="治理前后数值对比见附件，已恢复至正常水平。",
                files=(picture(f"case {case.pk} after"),),
            )
            and step("confirm_close", chief, (1, 12), checked="调阅数据连续达标，同意销号。")
        )
    return moved


# Origin, level, category, title, town, days since it was found, how far it has come.
_PROBLEMS = (
    ("central", "national", "water", "东港工业园部分企业雨污分流不彻底", "东港镇", 210, "closed"),
    (
        "central",
        "national",
        "waste",
        "沿河堆放一般工业固体废物未及时清运",
        "东港镇",
        205,
        "archived",
    ),
    ("central", "national", "air", "砂石堆场扬尘管控不到位", "石桥镇", 198, "closed"),
    ("provincial", "province", "water", "石桥河沿线农村生活污水直排", "临湖镇", 150, "rectifying"),
    (
        "provincial",
        "province",
        "water",
        "望江闸上游雨水泵站旱天出水",
        "城关街道",
        146,
        "close_check",
    ),
    ("provincial", "province", "air", "部分汽修企业喷漆废气收集效率低", "望江街道", 141, "closed"),
    (
        "provincial",
        "province",
        "management",
        "个别企业自行监测方案与排污许可证不一致",
        "东港镇",
        139,
        "rectifying",
    ),
    ("superior", "city", "water", "临湖镇养殖尾水未经处理排入临湖闸", "临湖镇", 96, "rectifying"),
    ("superior", "city", "noise", "城关街道夜间施工噪声扰民", "城关街道", 88, "closed"),
    ("superior", "city", "soil", "关闭电镀企业地块未按期完成调查", "东港镇", 80, "rectifying"),
    ("petition", "county", "air", "群众反映河口镇纸业企业异味", "河口镇", 63, "rectifying"),
    ("petition", "county", "water", "群众反映沙浦港水体发黑", "沙浦镇", 58, "closed"),
    ("petition", "county", "noise", "群众反映云台镇铸造企业夜间噪声", "云台镇", 55, "unfounded"),
    ("petition", "county", "air", "群众反映望江街道印刷厂气味扰民", "望江街道", 41, "rectifying"),
    ("petition", "county", "waste", "群众反映青岭镇垃圾露天焚烧", "青岭镇", 33, "closed"),
    (
        "self",
        "county",
        "water",
        "石桥渡口断面氨氮持续超标，石桥镇与城关街道对责任有争议",
        "石桥镇",
        5,
        "rectifying",
    ),
    ("self", "county", "water", "东港河口断面夜间氨氮异常升高", "东港镇", 1, "new"),
    ("self", "county", "air", "东港工业园细颗粒物高于周边站点", "东港镇", 12, "rectifying"),
    ("self", "county", "waste", "两家企业危险废物标识不规范", "东港镇", 24, "close_check"),
    ("self", "county", "management", "入河排口标志牌缺失十二处", "河口镇", 70, "rectifying"),
    (
        "discipline",
        "county",
        "management",
        "污染防治专项资金支付进度偏慢",
        "城关街道",
        120,
        "rectifying",
    ),
    ("media", "county", "nature", "沿河湿地内搭建临时设施", "河口镇", 47, "closed"),
)


def problems(now: datetime) -> int:
    """Enter the ledger's problems and take each as far as the table says."""
    chance = random.Random(SEED + 1)
    chief, leader = person("diaodu"), person("juzhang")
    for number, (origin, level, category, title, town, days, reached) in enumerate(_PROBLEMS):
        clerk = town_person(TOWN_CODE[town])
        opened = (now - timedelta(days=days)).replace(hour=9, minute=12, second=0, microsecond=0)
        values: dict[str, object] = {
            "title": title,
            "description": f"{title}。（合成数据）",
            "area_code": TOWN_CODE[town],
            "origin": dict(problem_ledger.Problem.Origin.choices)[origin],
            "origin_kind": origin,
            "tier": level,
            "category": category,
            "target": "问题整改到位，长效机制建立。",
            "synthetic": True,
        }
        if "石桥渡口" in title:
            values["entity"] = Section.objects.get(code=stories.DISPUTED_SECTION)
        problem = actions.open_matter(problem_ledger.REGISTER, values, by=chief, at=aware(opened))
        moment = opened

        def step(
            name: str,
            by: Person,
            after: float,
            pk: int = problem.pk,
            files: tuple[Upload, ...] = (),
            **form: object,
        ) -> None:
            nonlocal moment
            moment = min(moment + timedelta(days=after), now - timedelta(minutes=20))
            actions.perform(pk, name, by=by, form=form, files=files, at=aware(moment))

        if reached == "new":
            continue
        step(
            "hand_over",
            chief,
            0.3,
            owner_organisation=str(clerk.organisation_id),
            responsible=f"{town}分管负责人",
            measures="立行立改，举一反三，按月报送进展。",
            deadline=(opened + timedelta(days=chance.choice((60, 90, 180)))).date().isoformat(),
        )
        if origin == "discipline":
            # Seen by leaders and dispatchers alone; its progress is reported on paper.
            continue
        if reached == "unfounded":
            step(
                "propose_unfounded",
                clerk,
                2,
                reason="昼夜间监测均达标，未发现违法行为。",
                files=(picture(f"problem {number}"),),
            )
            step("confirm_unfounded", chief, 1)
            continue
        share = 0.35 if reached == "rectifying" else 0.6
        step(
            "report_progress",
            clerk,
            days * share * 0.6,
            progress=str(chance.randint(30, 75)),
            progress_text="已制定整改方案，正在组织实施。",
        )
        if reached == "rectifying":
            continue
        step(
            "apply_close",
            clerk,
            days * 0.25,
            verdict=chance.choice(("true", "partly")),
            result="整改措施已全部落实，现场复核无反弹。",
            files=(picture(f"problem {number} done"),),
        )
        if reached == "close_check":
            continue
        step("confirm_close", leader, 2, checked="现场核查，整改到位，同意销号。")
    return len(_PROBLEMS)
