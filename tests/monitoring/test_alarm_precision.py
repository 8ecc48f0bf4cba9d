"""The detectors with the product's settings on labelled synthetic data; the full run is in benchmarks/."""

import pytest
from benchmarks import alarm_precision

DETECTORS = ("constant", "exceedance", "missing", "neighbours", "no_treatment", "sudden")


@pytest.fixture(scope="module")
def scores():
    return {one.detector: one for one in alarm_precision.measure(points=16, days=40, seed=3)}


def test_every_detector_is_measured(scores):
    assert sorted(scores) == sorted(DETECTORS)


@pytest.mark.parametrize("detector", DETECTORS)
def test_precision_and_recall_hold_what_the_bureau_is_promised(scores, detector):
    score = scores[detector]
    assert score.events >= 3
    assert score.recall >= 0.9
    assert score.precision >= 0.8


def test_a_detector_that_cries_wolf_scores_badly():
    events = [alarm_precision.Event(1, 10, 12)]
    found = alarm_precision.table(1, alarm_precision.np.ones(40), 1).with_columns(
        alarm_precision.pl.lit("bad").alias("state")
    )
    wolf = found.filter(alarm_precision.pl.col("start").dt.hour().is_in([2, 11, 20]))
    score = alarm_precision.score("wolf", wolf, events)
    assert (score.recall, score.alarms, score.false) == (1.0, 5, 4)
