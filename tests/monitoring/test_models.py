import pytest
from django.db import IntegrityError, connection, transaction

from ecoledger.monitoring.models import Point, PointParameter
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
