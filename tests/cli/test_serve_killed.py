from benchmarks import kill_nine


def test_killing_the_server_loses_nothing_acknowledged_and_doubles_nothing(tmp_path):
    result = kill_nine.run(2, tmp_path)
    assert result["acknowledged"] > 100
    assert (result["lost"], result["doubled"], result["problems"]) == (0, 0, 0)
