"""Writes the city into the registry: areas, rivers, stations, firms, instruments, people."""

from __future__ import annotations

from decimal import Decimal

from demo import city
from demo.enterprises import GAS_FACTORS, WATER_FACTORS, Firm, firms
from demo.sources import RIVER_FACTORS
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import (
    Area,
    Enterprise,
    Entity,
    Identifier,
    Outlet,
    River,
    Section,
    Station,
)
from ecoledger.monitoring.models import Limit, Point, PointParameter

PASSWORD = "anlan-demo-2026"

AIR_FACTORS = (
    ("a34004", "PM2.5", "µg/m³", 0),
    ("a34002", "PM10", "µg/m³", 0),
    ("a21026", "SO2", "µg/m³", 0),
    ("a21004", "NO2", "µg/m³", 0),
    ("a21005", "CO", "mg/m³", 1),
    ("a05024", "O3", "µg/m³", 0),
)
WEATHER_FACTORS = (
    ("a01001", "气温", "℃", 1),
    ("a01006", "气压", "kPa", 2),
    ("a01007", "风速", "m/s", 1),
    ("a01008", "风向", "°", 0),
)

# Sign-in name, name, role, organisation, post. Every name is invented.
_STAFF = (
    ("juzhang", "程知远", Role.LEADER, "局", "局长"),
    ("diaodu", "沈若谷", Role.DISPATCHER, "局", "调度中心主任"),
    ("jiance", "顾清和", Role.MONITOR, "局", "监测站站长"),
    ("jiance2", "温以宁", Role.MONITOR, "局", "监测站工程师"),
    ("zhifa", "韩立新", Role.OFFICER, "局", "执法大队长"),
    ("zhifa2", "罗致平", Role.OFFICER, "局", "执法队员"),
    ("zhifa3", "汪思齐", Role.OFFICER, "局", "执法队员"),
    ("shenpi", "方慕云", Role.APPROVER, "局", "行政审批科科长"),
    ("fazhi", "季明衡", Role.LEGAL, "局", "法规科科长"),
    ("xitong", "系统管理员", Role.SYSTEM_ADMIN, "局", ""),
    ("anquan", "安全管理员", Role.SECURITY_ADMIN, "局", ""),
    ("shenji", "审计管理员", Role.AUDIT_ADMIN, "局", ""),
    ("xuncha", "陆远帆", Role.THIRD_PARTY, "巡查", "大气巡查服务"),
)


def build() -> dict[str, int]:
    """Write everything; returns how many of each kind."""
    _areas()
    _rivers()
    _air_stations()
    _water_stations()
    plan = firms()
    for firm in plan:
        _enterprise(firm)
    _people(plan)
    return {
        "towns": len(city.TOWNS),
        "rivers": River.objects.count(),
        "sections": Section.objects.count(),
        "stations": Station.objects.count(),
        "enterprises": Enterprise.objects.count(),
        "outlets": Outlet.objects.count(),
        "points": Point.objects.count(),
        "people": Person.objects.count(),
    }


def _areas() -> None:
    lon, lat = (city.WEST + city.EAST) / 2, (city.SOUTH + city.NORTH) / 2
    county = Area.objects.create(
        code=city.CITY_CODE, name=city.CITY_NAME, lon=lon, lat=lat, level="county", synthetic=True
    )
    for index, (code, name) in enumerate(city.TOWNS):
        lon, lat = city.town_centre(code)
        Area.objects.create(
            code=code,
            name=name,
            level="town",
            parent=county,
            lon=lon,
            lat=lat,
            geometry=city.town_polygon(index),
            synthetic=True,
        )


def _rivers() -> None:
    saved: dict[str, River] = {}
    for plan in city.RIVERS:
        saved[plan.code] = River.objects.create(
            code=plan.code,
            name=plan.name,
            area_code=city.CITY_CODE,
            geometry={"type": "LineString", "coordinates": [list(p) for p in plan.path]},
            flows_into=saved.get(plan.into or ""),
            joins_at_km=plan.joins_at_km,
            length_km=round(city.length_km(plan.path), 1),
            synthetic=True,
        )
    for section in city.SECTIONS:
        lon, lat = city.place_on(city.RIVER[section.river].path, section.km)
        Section.objects.create(
            code=section.code,
            name=section.name,
            area_code=city.TOWN_CODE[section.upstream],
            lon=round(lon, 5),
            lat=round(lat, 5),
            river=saved[section.river],
            chainage_km=section.km,
            target_class=section.target,
            level=section.level,
            upstream_area_code=city.TOWN_CODE[section.upstream],
            downstream_area_code=city.TOWN_CODE[section.downstream],
            synthetic=True,
        )


def device_number(group: int, number: int) -> str:
    """MN of an invented device: 24 characters, group and serial at the end."""
    return f"{city.CITY_CODE}FFFF0000{group:04d}{number:06d}"


def _point(
    entity: Entity,
    kind: str,
    name: str,
    group: int,
    factors: list[dict[str, object]],
    edition: int = 2017,
    **more: object,
) -> Point:
    number = Point.objects.count() + 1
    point = Point.objects.create(
        entity=entity,
        kind=kind,
        name=name,
        area_code=entity.area_code,
        mn=device_number(group, number)[-14 if edition == 2005 else 0 :],
        password="123456",
        synthetic=True,
        **more,
    )
    PointParameter.objects.bulk_create(PointParameter(point=point, **factor) for factor in factors)
    return point


def _factor(
    code: str, name: str, unit: str, decimals: int, seconds: int, **more: object
) -> dict[str, object]:
    return {
        "code": code,
        "name": name,
        "unit": unit,
        "decimals": decimals,
        "interval_seconds": seconds,
        **more,
    }


def _air_stations() -> None:
    for index, plan in enumerate(city.AIR_STATIONS):
        lon, lat = city.town_centre(city.TOWN_CODE[plan.town])
        same = [p.code for p in city.AIR_STATIONS if p.town == plan.town]
        place = same.index(plan.code)
        station = Station.objects.create(
            code=plan.code,
            name=plan.name,
            area_code=city.TOWN_CODE[plan.town],
            lon=round(lon + (place - (len(same) - 1) / 2) * 0.035, 5),
            lat=round(lat + (0.012 if (place + index) % 2 else -0.010), 5),
            medium="air",
            level=plan.level,
            counts_in_area=plan.counts,
            operator="安澜环境运维（演示）",
            synthetic=True,
        )
        _point(
            station,
            "air",
            plan.name,
            22,
            [_factor(*f, 3600) for f in (*AIR_FACTORS, *WEATHER_FACTORS)],
        )


def _water_stations() -> None:
    for section in Section.objects.order_by("pk"):
        station = Station.objects.create(
            code=f"W-{section.code[2:]}",
            name=f"{section.name}水站",
            area_code=section.area_code,
            lon=section.lon,
            lat=section.lat,
            medium="water",
            level={"国控": "national", "省控": "provincial", "市控": "city"}.get(
                section.level, "county"
            ),
            section=section,
            operator="安澜环境运维（演示）",
            synthetic=True,
        )
        _point(
            station,
            "water",
            station.name,
            21,
            [_factor(code, n, u, d, 3600) for code, (n, u, d, _) in RIVER_FACTORS.items()],
        )


def _enterprise(firm: Firm) -> None:
    area = city.TOWN_CODE[firm.town]
    permit = f"{firm.uscc}001P"
    enterprise = Enterprise.objects.create(
        code=firm.code,
        name=firm.name,
        area_code=area,
        address=f"{city.CITY_NAME}{firm.town}示例路{firm.number}号",
        lon=firm.lon,
        lat=firm.lat,
        uscc=firm.uscc,
        permit_no=permit,
        industry=firm.industry.name,
        industry_code=firm.industry.code,
        is_key=firm.is_key,
        performance_grade="ABCD"[firm.number % 4],
        contact="环保专员（演示）",
        synthetic=True,
    )
    for scheme, number in (("统一社会信用代码", firm.uscc), ("排污许可证编号", permit)):
        Identifier.objects.create(entity=enterprise, scheme=scheme, value=number)
    industry = firm.industry
    if industry.gas:
        outlet = Outlet.objects.create(
            code=f"{firm.code}-DA001",
            name=f"{firm.name}DA001",
            area_code=area,
            parent=enterprise,
            number="DA001",
            medium="gas",
            lon=firm.lon,
            lat=firm.lat,
            standard=industry.gas_standard,
            reference_oxygen=industry.reference_oxygen,
            synthetic=True,
        )
        factors = [
            _factor(
                code,
                *GAS_FACTORS[code][:3],
                600,
            )
            for code in industry.gas
        ]
        for code, limit in industry.gas.items():
            Limit.objects.create(
                entity=outlet,
                parameter=code,
                value=Decimal(str(limit)),
                unit="mg/m³",
                basis="hour",
                standard=industry.gas_standard,
                converted=industry.reference_oxygen is not None,
            )
        factors.append(_factor("a00000", "废气", "m³/s", 1, 600))
        if industry.reference_oxygen is not None:
            factors.append(_factor("a19001", "氧气含量", "%", 1, 600))
        _point(outlet, "flue_gas", outlet.name, 31, factors, firm.gas_edition, owner_code=firm.code)
    if industry.water:
        outlet = Outlet.objects.create(
            code=f"{firm.code}-DW001",
            name=f"{firm.name}DW001",
            area_code=area,
            parent=enterprise,
            number="DW001",
            medium="water",
            lon=firm.lon,
            lat=firm.lat,
            standard=industry.water_standard,
            synthetic=True,
        )
        factors = [
            _factor(
                code,
                *WATER_FACTORS[code][:3],
                3600,
            )
            for code in industry.water
        ]
        for code, limit in industry.water.items():
            Limit.objects.create(
                entity=outlet,
                parameter=code,
                value=Decimal(str(limit)),
                unit="mg/L",
                basis="day",
                standard=industry.water_standard,
            )
        factors.append(_factor("w01001", *WATER_FACTORS["w01001"][:3], 3600))
        Limit.objects.create(
            entity=outlet,
            parameter="w01001",
            value=Decimal(9),
            lower=Decimal(6),
            basis="hour",
            standard=industry.water_standard,
        )
        factors.append(_factor("w00000", "污水流量", "L/s", 2, 3600))
        _point(outlet, "wastewater", outlet.name, 32, factors, owner_code=firm.code)
    if industry.power:
        for role, name in (("production", "产污设施用电"), ("treatment", "治污设施用电")):
            _point(
                enterprise,
                "power",
                f"{firm.name}{name}",
                44,
                [_factor("dPower", "有功功率", "kW", 2, 900, running_above=5.0)],
                owner_code=firm.code,
                power_role=role,
                line="1",
            )


def _people(plan: list[Firm]) -> None:
    bureau = Organisation.objects.create(
        name=f"{city.CITY_NAME}生态环境局（演示）", kind="bureau", area_code=city.CITY_CODE
    )
    patrol = Organisation.objects.create(
        name="安澜大气巡查服务（演示）", kind="third_party", area_code=city.CITY_CODE
    )
    # One hash for all: they share one password, and hashing it sixty times takes a minute.
    first = Person()
    first.set_password(PASSWORD)

    def add(
        username: str,
        name: str,
        role: Role,
        organisation: Organisation,
        post: str,
        areas: list[str],
    ) -> None:
        Person.objects.create(
            username=username,
            name=name,
            roles=[role.value],
            area_codes=areas,
            organisation=organisation,
            post=post,
            password=first.password,
            certificate_no=f"演示{username}" if role == Role.OFFICER else "",
        )

    for username, name, role, where, post in _STAFF:
        add(username, name, role, bureau if where == "局" else patrol, post, [city.CITY_CODE])
    for number, (code, town) in enumerate(city.TOWNS, 1):
        office = Organisation.objects.create(name=f"{town}（演示）", kind="town", area_code=code)
        add(f"zhen{number}", f"{town}环保干事", Role.TOWN, office, "生态环境办公室", [code])
        add(f"wangge{number}", f"{town}网格员", Role.GRID, office, "网格员", [code])
    for firm in plan:
        owner = Organisation.objects.create(
            name=firm.name,
            kind="enterprise",
            area_code=city.TOWN_CODE[firm.town],
            entity_code=firm.code,
        )
        if firm.is_key or firm.industry.power:
            add(
                f"qiye{firm.number}",
                f"环保专员{firm.number}",
                Role.ENTERPRISE,
                owner,
                "环保专员",
                [],
            )
