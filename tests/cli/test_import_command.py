"""``ecoledger import`` where no server runs."""

from server import Server
from test_serve import POINT


def test_a_preview_then_the_import_itself(tmp_path):
    folder = Server(tmp_path / "data")
    folder.prepare(POINT)
    file = tmp_path / "a.csv"
    file.write_text("点位,时间,PM2.5\nA-1,2026-04-01 00:00,35\nA-1,2026-04-01 01:00,abc\n", "utf-8")
    data = ["--data", str(folder.data)]
    code, lines, _ = folder.command("import", *data, "--preview", str(file))
    assert (code, [line["event"] for line in lines]) == (0, ["error", "preview"])
    assert lines[1]["first"][0]["value"] == 35.0
    code, lines, _ = folder.command("import", *data, str(file))
    assert (code, lines[-1]["observations_stored"]) == (0, 1)
    code, lines, errors = folder.command("import", *data, str(tmp_path / "none.csv"))
    assert code == 1
    assert "none.csv" in errors
    file.write_text("点位,时间,PM2.5\nA-1,昨天,35\n", "utf-8")
    code, lines, _ = folder.command("import", *data, str(file))
    assert (code, lines[0]["field"]) == (1, "时间")
