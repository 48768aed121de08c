from __future__ import annotations

import json

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed (the extra kiosk)")

from benchmarks import kiosk


def test_it_times_a_kiosk_that_really_serves(tmp_path, capsys):
    out = tmp_path / "deep" / "kiosk.json"
    assert kiosk.main(["--posts", "3", "--minutes", "0.05", "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    assert 0.5 < found["post_ms"]["p50"] <= found["post_ms"]["p99"]
    memory = found["resident_mb"]
    assert memory["without_camera"] > 30
    assert memory["replay_p50"] <= memory["replay_max"]
    printed = capsys.readouterr().out
    assert "POST, ms: p50" in printed
    assert "resident, MB" in printed


def test_a_kiosk_that_does_not_start_is_told():
    with pytest.raises(RuntimeError, match="telescope"), kiosk.serving("telescope:0"):
        pass


@pytest.mark.parametrize("wrong", [["--posts", "0"], ["--minutes", "0"]])
def test_numbers_that_measure_nothing_are_wrong_usage(wrong):
    with pytest.raises(SystemExit):
        kiosk.main(wrong)
