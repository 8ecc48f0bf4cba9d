"""The small county the path is walked in: written into a data folder before its server starts."""

from __future__ import annotations

COUNTY, NORTH, SOUTH = "990101", "990101001", "990101002"
PASSWORD = "qingxi-path-2026"
# A factory of its own for every walk, so that none waits for another; the last lies in the south.
OUTLETS = {
    "E-1": ("闭环锅炉烟囱", "停运锅炉烟囱"),
    "E-2": ("手机锅炉烟囱", "英文锅炉烟囱", "日报锅炉烟囱", "别家锅炉烟囱"),
    "E-3": ("南镇锅炉烟囱",),
}
MN = {name: f"{n:024d}" for n, name in enumerate(sum(OUTLETS.values(), ()), 101)}
AIR = ("北镇空气站", "县城空气站", "南镇空气站")
AIR_MN = {name: f"{n:024d}" for n, name in enumerate(AIR, 1)}
AIR_FACTORS = {
    "a34004": "PM2.5",
    "a34002": "PM10",
    "a21026": "SO2",
    "a21004": "NO2",
    "a21005": "CO",
    "a05024": "O3",
}
SO2 = ("a21026", "二氧化硫", "mg/m³", 1)
UNREGISTERED = "9" * 24

# Sign-in name: name, role, organisation, division codes seen.
PEOPLE = {
    "monitor": ("监测员甲", "monitor", "测试县生态环境局", [COUNTY]),
    "dispatcher": ("调度员甲", "dispatcher", "测试县生态环境局", [COUNTY]),
    "officer": ("执法员甲", "officer", "测试县生态环境局", [COUNTY]),
    "security": ("安全员甲", "security_admin", "测试县生态环境局", []),
    "auditor": ("审计员甲", "audit_admin", "测试县生态环境局", []),
    "town": ("北镇员甲", "town", "北镇人民政府", [NORTH]),
    "south": ("南镇员甲", "town", "南镇人民政府", [SOUTH]),
    "south_leader": ("南镇领导甲", "leader", "南镇人民政府", [SOUTH]),
    "firm": ("一厂员甲", "enterprise", "一号测试厂", []),
    "firm2": ("二厂员甲", "enterprise", "二号测试厂", []),
    "guessed": ("监测员乙", "monitor", "测试县生态环境局", [COUNTY]),
    "leaver": ("监测员丙", "monitor", "测试县生态环境局", [COUNTY]),
}


def call(function: str) -> str:
    """A line of Python that calls a function of this module in another process."""
    return f"import runpy; answer = runpy.run_path({__file__!r})[{function!r}]()"


def build() -> None:
    """Write the county. Needs Django set up on an empty, migrated data folder."""
    from django.conf import settings
    from django.contrib.auth.hashers import make_password
    from django.db import transaction

    from ecoledger.accounts.models import Organisation, Person
    from ecoledger.monitoring.models import AlarmRule

    # This bureau begins every case at its desk; that a firm is asked first is told where its rule is tested.
    settings.PROFILE.mkdir(parents=True, exist_ok=True)
    (settings.PROFILE / "alarm_steps.toml").write_text("ask_first = false\n", encoding="utf-8")
    # What is not sent here is not missed: only what the tests do raises an alarm.
    AlarmRule.objects.filter(detector="missing").update(enabled=False)
    with transaction.atomic():
        _registry()
        organisations = {
            name: Organisation.objects.create(
                name=name, kind=kind, area_code=area, entity_code=entity
            )
            for name, kind, area, entity in (
                ("测试县生态环境局", "bureau", COUNTY, ""),
                ("北镇人民政府", "town", NORTH, ""),
                ("南镇人民政府", "town", SOUTH, ""),
                ("一号测试厂", "enterprise", NORTH, "E-1"),
                ("二号测试厂", "enterprise", NORTH, "E-2"),
            )
        }
        password = make_password(PASSWORD)
        for username, (name, role, organisation, areas) in PEOPLE.items():
            Person.objects.create(
                username=username,
                name=name,
                password=password,
                roles=[role],
                area_codes=areas,
                organisation=organisations[organisation],
                certificate_no="ZF-1" if role == "officer" else "",
            )


def _registry() -> None:
    from ecoledger.entities.models import Area, Enterprise, Outlet, Station

    for code, name in ((COUNTY, "测试县"), (NORTH, "北镇"), (SOUTH, "南镇")):
        Area.objects.create(code=code, name=name, synthetic=True)
    for n, name in enumerate(AIR):
        station = Station.objects.create(
            code=f"A-{n}",
            name=name,
            area_code=SOUTH if n == 2 else NORTH,
            lon=118.60 + 0.2 * n,
            lat=24.90,
            medium="air",
            level="county",
            counts_in_area=True,
            synthetic=True,
        )
        factors = [
            (f, label, "mg/m³" if label == "CO" else "µg/m³", label == "CO")
            for f, label in AIR_FACTORS.items()
        ]
        point(station, "air", AIR_MN[name], factors)
    for number, (code, names) in enumerate(OUTLETS.items(), 1):
        area = SOUTH if code == "E-3" else NORTH
        factory = Enterprise.objects.create(
            code=code,
            name=f"{'一二三'[number - 1]}号测试厂",
            area_code=area,
            lon=118.6 + number / 100,
            lat=24.92,
            synthetic=True,
            is_key=True,
        )
        for n, name in enumerate(names, 1):
            outlet = Outlet.objects.create(
                code=f"{code}-DA{n:03}",
                name=name,
                area_code=area,
                parent=factory,
                number=f"DA{n:03}",
                medium="gas",
                synthetic=True,
            )
            point(outlet, "flue_gas", MN[name], [SO2], 50, code)


def point(entity, kind, mn, parameters, limit=None, owner="", name=""):
    """A point with its parameters, judged by the hour when it has a ``limit``."""
    from ecoledger.monitoring.models import Limit, Point, PointParameter

    made = Point.objects.create(
        entity=entity,
        kind=kind,
        name=name or entity.name,
        area_code=entity.area_code,
        owner_code=owner,
        mn=mn,
        password="123456",
        synthetic=True,
    )
    for code, label, unit, decimals in parameters:
        PointParameter.objects.create(
            point=made,
            code=code,
            name=label,
            unit=unit,
            decimals=int(decimals),
            interval_seconds=3600,
        )
        if limit:
            Limit.objects.create(
                point=made,
                parameter=code,
                value=limit,
                unit=unit,
                basis="hour",
                standard="GB 13271-2014",
            )
    return made
