"""The small county that most tests begin with, and its people."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

COUNTY, NORTH, SOUTH = "990101", "990101001", "990101002"

# parameter, name, unit, decimals, hourly limit, daily limit basis
AIR = [
    ("a34004", "PM2.5", "µg/m³", 0),
    ("a34002", "PM10", "µg/m³", 0),
    ("a21026", "SO2", "µg/m³", 0),
    ("a21004", "NO2", "µg/m³", 0),
    ("a21005", "CO", "mg/m³", 1),
    ("a05024", "O3", "µg/m³", 0),
]
WATER = [
    ("w01001", "pH", "", 2),
    ("w01009", "溶解氧", "mg/L", 1),
    ("w01019", "高锰酸盐指数", "mg/L", 1),
    ("w21003", "氨氮", "mg/L", 2),
    ("w21011", "总磷", "mg/L", 3),
]


@dataclass
class Bureau:
    """The small county. ``air`` are four stations 2 km apart; the last does not count in the area."""

    county: object = None
    towns: list = field(default_factory=list)
    air: list = field(default_factory=list)
    river: object = None
    section: object = None
    water: object = None
    enterprise: object = None
    flue_gas: object = None
    wastewater: object = None
    production: object = None
    treatment: object = None
    people: dict = field(default_factory=dict)

    def __getattr__(self, name: str) -> object:
        """``bureau.monitor``, ``bureau.officer``: the person of that role."""
        if name in self.__dict__.get("people", {}):
            return self.__dict__["people"][name]
        raise AttributeError(name)


def people() -> dict:
    """One person a role, and a second officer."""
    from ecoledger.accounts.models import Organisation, Person
    from ecoledger.accounts.roles import Role

    bureau = Organisation.objects.create(name="测试县生态环境局", kind="bureau", area_code=COUNTY)
    town = Organisation.objects.create(name="北镇人民政府", kind="town", area_code=NORTH)
    firm = Organisation.objects.create(
        name="测试化工厂", kind="enterprise", area_code=NORTH, entity_code="E-1"
    )
    made = {}
    for key in [*Role, "officer2"]:
        role = Role.OFFICER if key == "officer2" else key
        local = role in (Role.TOWN, Role.GRID)
        person = Person(
            username=str(key),
            name=f"{role.label}甲" if key == role else f"{role.label}乙",
            roles=[role.value],
            area_codes=[] if role == Role.ENTERPRISE else [NORTH if local else COUNTY],
            organisation=firm if role == Role.ENTERPRISE else town if local else bureau,
        )
        if role == Role.OFFICER:
            person.certificate_no = f"ZF-{key}"
        person.set_password("correct horse battery")
        person.save()
        made[str(key)] = person
    return made


def bureau() -> Bureau:
    """The county without people."""
    from ecoledger.entities.models import Area, Enterprise, Outlet, River, Section, Station
    from ecoledger.monitoring.models import Limit, Point, PointParameter

    made = Bureau()
    made.county = Area.objects.create(code=COUNTY, name="测试县", synthetic=True)
    made.towns = [
        Area.objects.create(code=NORTH, name="北镇", synthetic=True),
        Area.objects.create(code=SOUTH, name="南镇", synthetic=True),
    ]

    def more_of(limit):
        return limit[0] if limit else {}

    def point(entity, kind, number, parameters, seconds=3600, **more):
        saved = Point.objects.create(
            entity=entity,
            kind=kind,
            name=entity.name,
            area_code=entity.area_code,
            mn=f"{number:024d}",
            password="123456",
            synthetic=True,
            **more,
        )
        for code, name, unit, decimals, *limit in parameters:
            PointParameter.objects.create(
                point=saved,
                code=code,
                name=name,
                unit=unit,
                decimals=decimals,
                interval_seconds=seconds,
                **{k: v for k, v in more_of(limit).items() if k == "running_above"},
            )
            if "value" in more_of(limit):
                Limit.objects.create(entity=entity, parameter=code, unit=unit, **more_of(limit))
        return saved

    for n in range(4):
        station = Station.objects.create(
            code=f"A-{n + 1}",
            name=f"{n + 1}号空气站",
            area_code=NORTH if n < 2 else SOUTH,
            lon=118.60 + 0.02 * n,
            lat=24.90,
            medium="air",
            level="county",
            counts_in_area=n < 3,
            synthetic=True,
        )
        made.air.append(point(station, "air", n + 1, AIR, seconds=300))
    made.river = River.objects.create(code="R-1", name="清溪", area_code=COUNTY, length_km=30)
    made.section = Section.objects.create(
        code="S-1",
        name="清溪桥断面",
        area_code=NORTH,
        river=made.river,
        chainage_km=12,
        target_class=3,
    )
    water = Station.objects.create(
        code="W-1",
        name="清溪桥水站",
        area_code=NORTH,
        lon=118.61,
        lat=24.91,
        medium="water",
        level="county",
        section=made.section,
    )
    made.water = point(water, "water", 11, WATER, seconds=14400)
    made.enterprise = Enterprise.objects.create(
        code="E-1", name="测试化工厂", area_code=NORTH, is_key=True, lon=118.63, lat=24.92
    )
    gas = Outlet.objects.create(
        code="E-1-DA001",
        name="锅炉烟囱",
        area_code=NORTH,
        parent=made.enterprise,
        number="DA001",
        medium="gas",
        reference_oxygen=9,
    )
    water_outlet = Outlet.objects.create(
        code="E-1-DW001",
        name="废水总排口",
        area_code=NORTH,
        parent=made.enterprise,
        number="DW001",
        medium="water",
    )
    hourly = {"basis": "hour", "standard": "GB 13271-2014", "converted": True}
    daily = {"basis": "day", "standard": "GB 8978-1996"}
    made.flue_gas = point(
        gas,
        "flue_gas",
        21,
        [
            ("a21026", "二氧化硫", "mg/m³", 1, {"value": Decimal(50), **hourly}),
            ("a21002", "氮氧化物", "mg/m³", 1, {"value": Decimal(150), **hourly}),
            ("a34013", "烟尘", "mg/m³", 1, {"value": Decimal(20), **hourly}),
            ("a19001", "氧气含量", "%", 1),
        ],
        seconds=60,
        owner_code="E-1",
    )
    made.wastewater = point(
        water_outlet,
        "wastewater",
        22,
        [
            ("w01018", "化学需氧量", "mg/L", 1, {"value": Decimal(100), **daily}),
            ("w21003", "氨氮", "mg/L", 2, {"value": Decimal(15), **daily}),
            ("w00000", "污水流量", "L/s", 2),
        ],
        seconds=3600,
        owner_code="E-1",
    )
    meter = [("dPower", "有功功率", "kW", 1, {"running_above": 5.0})]
    made.production = point(
        made.enterprise,
        "power",
        31,
        meter,
        900,
        owner_code="E-1",
        power_role="production",
        line="1",
    )
    made.treatment = point(
        made.enterprise, "power", 32, meter, 900, owner_code="E-1", power_role="treatment", line="1"
    )
    return made
