"""保证测算: the page of scenarios."""

from datetime import date
from fractions import Fraction

from tests.daily_values import put_air, span

from ecoledger.monitoring.computing import evaluate

COUNTY = "990101"


def test_the_page_names_what_lacks_and_shows_scenarios(
    store, bureau, signed_in, settings, tmp_path
):
    settings.PROFILE = tmp_path
    point = evaluate.area_point(COUNTY)
    for year in (2024, 2025):
        put_air(store, point, {d: {"pm2_5": 30.0} for d in span(date(year, 10, 1), 92)})
    put_air(store, point, {d: {"pm2_5": 20.0} for d in span(date(2026, 1, 1), 273)})
    address = f"/targets/assurance?area={COUNTY}&on=2026-09-30"
    answer = signed_in("monitor").get(address)
    assert answer.status_code == 200
    assert "没有可测算的空气目标" in answer.content.decode()
    goal = '[[target]]\nindicator = "pm2_5_mean"\nyear = 2026\nvalue = 25\n'
    (tmp_path / "targets.toml").write_text(goal, encoding="utf-8")
    said = signed_in("monitor").get(address).content.decode()
    whole = round((Fraction(20) * 273 + 30 * 92) / 365, 1)
    assert "2 种情形中 2 种可达到目标" in said
    assert f"{float(whole)} µg/m³" in said
