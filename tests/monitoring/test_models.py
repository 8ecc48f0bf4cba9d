import pytest
from django.db import IntegrityError, transaction

from ecoledger.monitoring.models import Point


def test_a_device_point_needs_an_entity_and_an_area_point_does_not(bureau):
    Point.objects.create(kind="area", name="测试县", area_code="990101")
    with pytest.raises(IntegrityError), transaction.atomic():
        Point.objects.create(kind="air", name="无主", area_code="990101")
    with pytest.raises(IntegrityError), transaction.atomic():
        Point.objects.create(kind="area", name="测试县", area_code="990101")
