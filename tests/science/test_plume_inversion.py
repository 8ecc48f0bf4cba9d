"""Sources are found: of a real release (Project Prairie Grass 1956, runs 24 and 60), and of computed plumes."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matplotlib.path import Path as Outline

from ecoledger.science import plume, plume_inversion
from ecoledger.science.dispersion import Weather

DATA = Path(__file__).parents[1] / "data"


def release(run, turn=0.0, shift=(0.0, 0.0)):
    """Places, concentrations and weather of a run, turned and shifted; the source lies at ``shift``."""
    arcs = pl.read_csv(DATA / "prairie_grass.csv").filter(pl.col("run") == run)
    met = (
        pl.read_csv(DATA / "prairie_grass_met.csv").filter(pl.col("run") == run).row(0, named=True)
    )
    angle = np.radians(arcs["azimuth_deg"].to_numpy() + turn)
    radius = arcs["arc_radius_m"].to_numpy()
    xyz = np.column_stack(
        [
            radius * np.sin(angle) + shift[0],
            radius * np.cos(angle) + shift[1],
            arcs["z_m"].to_numpy(),
        ]
    )
    weather = Weather(
        met["wind_speed_m_s"],
        (met["wind_dir_deg_from"] + turn) % 360,
        obukhov_length=met["obukhov_length_m"],
        friction_velocity=met["friction_velocity_m_s"],
        deviation_deg=met["sigma_azimuth_deg"],
    )
    return xyz, arcs["concentration_mg_m3"].to_numpy(), weather, arcs["rate_g_s"][0]


def inside(polygons, place):
    return any(Outline(np.array(each)).contains_point(place) for each in polygons)


def test_a_real_release_is_found_wherever_the_map_lies():
    shift = (5000.0, -800.0)
    xyz, values, weather, rate = release(60, turn=131, shift=shift)
    found = plume_inversion.invert(plume.points(xyz, values), [weather])
    source = found.sources[0]
    assert np.hypot(source.x - shift[0], source.y - shift[1]) < 12
    assert inside(found.region90, shift)
    assert 0.4 < source.rate / rate < 2.5
    for ring in found.region90:
        assert ring[0] == ring[-1]


def test_a_computed_plume_from_elsewhere_is_found_with_a_third_of_the_samplers():
    xyz, values, weather, _ = release(24)
    # 200 m toward the samplers and aside: the arcs are round another place.
    source = 200 * np.array([np.sin(np.radians(-60)), np.cos(np.radians(-60))])
    rng = np.random.default_rng(3)
    kept = rng.random(len(xyz)) < 1 / 3
    values = plume.concentrations(plume.points(xyz, values), [weather], *source, 50.0)
    found = plume_inversion.invert(plume.points(xyz[kept], values[kept]), [weather])
    assert np.hypot(found.sources[0].x - source[0], found.sources[0].y - source[1]) < 30


@pytest.mark.parametrize("values", [np.full(30, 4.2), np.full(30, np.nan), np.zeros(30)])
def test_constant_or_empty_concentrations_tell_of_no_source(values):
    rng = np.random.default_rng(1)
    xyz = np.column_stack([rng.uniform(-200, 200, (30, 2)), np.full(30, 1.5)])
    found = plume_inversion.invert(plume.points(xyz, values), [Weather(3.0, 270.0)])
    assert found.sources == ()
    assert found.warnings


def test_two_sources_are_told_by_their_evidence():
    x, y = np.meshgrid(np.linspace(0, 300, 7), np.linspace(-150, 150, 16))
    xyz = np.column_stack([x.ravel(), y.ravel(), np.full(x.size, 1.5)])
    samples = plume.points(xyz, np.zeros(x.size))
    weather = [Weather(4.0, direction, deviation_deg=8.0) for direction in (270.0, 250.0, 290.0)]
    parts = []
    for number in range(3):
        at = plume.points(xyz, np.zeros(x.size), np.full(x.size, number, dtype=np.intp))
        values = plume.concentrations(at, weather, -60, 60, 8) + plume.concentrations(
            at, weather, -40, -70, 12
        )
        parts.append(
            (at, values * np.exp(np.random.default_rng(number).normal(0, 0.15, x.size)) + 0.5)
        )
    step = np.repeat(np.arange(3), x.size)
    samples = plume.points(np.vstack([xyz] * 3), np.concatenate([v for _, v in parts]), step)
    found = plume_inversion.invert(samples, weather, sources=2, steps=300)
    places = sorted(((each.x, each.y) for each in found.sources), key=lambda p: p[1])
    assert len(places) == 2
    assert np.hypot(places[0][0] + 40, places[0][1] + 70) < 25
    assert np.hypot(places[1][0] + 60, places[1][1] - 60) < 25
    assert 0.3 < found.background < 0.7


def test_a_beam_is_the_mean_along_it():
    weather = [Weather(3.0, 270.0, deviation_deg=10.0)]
    y = np.linspace(-40, 40, 4001)
    line = np.column_stack([np.full_like(y, 60), y, np.full_like(y, 1.5)])
    mean = plume.concentrations(plume.points(line, y), weather, 0, 0, 1).mean()
    beam = plume.beams(line[:1], line[-1:], np.zeros(1))
    assert plume.concentrations(beam, weather, 0, 0, 1)[0] == pytest.approx(mean, rel=0.01)


def test_mass_is_kept():
    """The flux through a plane across the wind is the rate, for every way to know the spread."""
    y, z = np.meshgrid(np.linspace(-150, 150, 301), np.linspace(0.25, 150, 300))
    xyz = np.column_stack([np.full(y.size, 200.0), y.ravel(), z.ravel()])
    for weather in (
        Weather(4.0, 270, stability="D"),
        Weather(4.0, 270, obukhov_length=-20, friction_velocity=0.3),
    ):
        found = plume.Plume(plume.points(xyz, np.zeros(y.size)), [weather])
        none = np.zeros(1)
        unit, _ = found.unit(none, none, none, none, none, none, none)
        from ecoledger.science.dispersion import spread

        carry = np.exp(spread(weather).at(np.array([200.0]))[2][0])
        assert unit.sum() * carry * 1.0 * 0.5 / 1000 == pytest.approx(1, rel=0.05)


def test_minutes_at_one_place_do_not_make_its_model_right():
    """Seven places, sixty minutes each: where every place errs its own way they count as few samples, where each
    minute errs as it likes, as many; once sampled places are taken as they are."""
    chance = np.random.default_rng(5)
    places = np.repeat(chance.uniform(0, 100, (7, 2)), 60, axis=0)
    xyz = np.column_stack([places, np.ones(len(places))])
    step = np.tile(np.arange(60), 7).astype(np.intp)
    samples = plume.points(xyz, np.ones(len(xyz)), step)
    alike = np.repeat(chance.normal(0, 1, 7), 60) + chance.normal(0, 0.3, 420)
    assert plume_inversion._share_by_place(samples, alike) < 0.05
    assert plume_inversion._share_by_place(samples, chance.normal(0, 1, 420)) > 0.4
    once = plume.points(
        np.column_stack([chance.uniform(0, 100, (50, 2)), np.ones(50)]), np.ones(50)
    )
    assert plume_inversion._share_by_place(once, chance.normal(0, 1, 50)) == 1.0


def test_a_rate_is_no_surer_than_a_plume_model_is():
    """A perfect plume: the place is narrow, and the rate still spans what such models err by."""
    chance = np.random.default_rng(6)
    xyz = np.column_stack(
        [chance.uniform(50, 300, 60), chance.uniform(-80, 80, 60), np.full(60, 1.5)]
    )
    weather = [
        Weather(4.0, 270.0, obukhov_length=-50.0, friction_velocity=0.3, mixing_height=1000.0)
    ]
    values = plume.concentrations(plume.points(xyz, np.zeros(60)), weather, 0.0, 0.0, 50.0)
    answer = plume_inversion.invert(plume.points(xyz, values), weather, steps=300)
    (source,) = answer.sources
    assert np.hypot(source.x, source.y) < 30
    assert source.rate_low < 50 < source.rate_high
    assert source.rate_high / source.rate_low > np.exp(2 * 1.6 * 0.29)
