import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from ecoledger.listings.refusals import Refused
from ecoledger.monitoring.models import Point, PointParameter
from ecoledger.monitoring.point_book import POINTS
from ecoledger.monitoring.points import table


def test_a_device_point_needs_an_entity_and_an_area_point_does_not(bureau):
    Point.objects.create(kind="area", name="测试县", area_code="990101")
    with pytest.raises(IntegrityError), transaction.atomic():
        Point.objects.create(kind="air", name="无主", area_code="990101")
    with pytest.raises(IntegrityError), transaction.atomic():
        Point.objects.create(kind="area", name="测试县", area_code="990101")


def test_a_point_entered_while_the_points_are_read_is_in_them_the_next_time(bureau):
    """The table of points is read before the table of their parameters; between the two a point may be entered."""
    station = bureau.flue_gas.entity
    entered: list[Point] = []

    def entering(execute, sql, params, many, context):
        if 'FROM "monitoring_pointparameter"' in sql and sql.startswith("SELECT") and not entered:
            entered.append(
                Point.objects.create(
                    kind="flue_gas", name="新点位", entity=station, area_code="990101"
                )
            )
            PointParameter.objects.create(point=entered[0], code="a21026", name="二氧化硫")
        return execute(sql, params, many, context)

    table.forget()
    with connection.execute_wrapper(entering):
        assert table.current().kinds[bureau.flue_gas.pk] == "flue_gas"
    assert table.current().kinds[entered[0].pk] == "flue_gas"
    assert table.current().parameters.filter(point=entered[0].pk)["parameter"].to_list() == [
        "a21026"
    ]


def test_a_point_keeps_what_it_measures_under_whatever_name_it_was_entered(bureau):
    """A device entered otherwise than by the book may call a factor as its maker does."""
    point = bureau.flue_gas
    point.parameters.filter(code="a00000").delete()
    PointParameter.objects.create(point=point, code="a00000", name="废气", unit="m³/s")
    said = {"parameter_names": point.parameter_names, "name": "改名的排口"}
    changed = POINTS.change_row(point, said, bureau.monitor, timezone.now())
    assert changed.name == "改名的排口"
    assert changed.parameters.get(code="a00000").name == "废气"
    with pytest.raises(Refused, match="不是废气排放监测点的因子"):
        POINTS.change_row(point, {"parameter_names": "废渣"}, bureau.monitor, timezone.now())
