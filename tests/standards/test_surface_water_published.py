"""Classes of a national snapshot of automatic stations against the published ones."""

import os
from pathlib import Path

import pytest
from benchmarks import agreement_water

from ecoledger.standards import water_periods

_FOLDER = Path(os.environ.get("ECOLEDGER_REFERENCE_DATA", ""))


@pytest.mark.skipif(
    not (_FOLDER / "water_auto").is_dir(),
    reason="ECOLEDGER_REFERENCE_DATA does not name the folder of reference data",
)
def test_every_difference_from_the_published_class_has_its_reason():
    judged = agreement_water.with_classes(agreement_water.snapshot(_FOLDER))
    equal = judged.filter(judged["river"] == judged["published"])
    differing = judged.filter(judged["river"].ne_missing(judged["published"]))
    assert (judged.height, equal.height) == (578, 554)
    assert {agreement_water.reason(row) is None for row in differing.iter_rows(named=True)} == {
        False
    }
    # Automatic stations measure chlorophyll in lakes: the lakes among them are lakes indeed.
    lakes = differing.filter(differing["river"].is_not_null())
    assert lakes.height == 19
    assert lakes["chla"].null_count() == 0


@pytest.mark.skipif(
    not (_FOLDER / "water_auto").is_dir(),
    reason="ECOLEDGER_REFERENCE_DATA does not name the folder of reference data",
)
def test_automatic_values_are_published_without_rounding_them_as_means_are():
    stations = agreement_water.snapshot(_FOLDER)
    rounded = water_periods.rounded_table(stations, on=agreement_water.ON)
    equal = {
        name: (agreement_water.with_classes(table)["river"] == stations["published"]).sum()
        for name, table in (("as given", stations), ("rounded", rounded))
    }
    assert equal == {"as given": 554, "rounded": 544}
