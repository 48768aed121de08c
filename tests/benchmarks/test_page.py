from __future__ import annotations

import json

import pytest

from benchmarks import page
from benchmarks.browser import missing


def test_without_the_data_the_samples_are_written(monkeypatch, tmp_path):
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path / "nothing"))
    written = page.recordings(5)
    assert len(written) == 5
    assert all(len(each["boxes"]) == 5 for each in written)
    assert written[0] == written[3]  # there are three


def test_times_of_a_real_page_are_written(monkeypatch, tmp_path, capsys):
    if why := missing():
        pytest.skip(why)
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path / "nothing"))
    out = tmp_path / "page.json"
    monkeypatch.setattr("sys.argv", ["page", "--count", "1", "--out", str(out)])
    assert page.main() == 0
    result = json.loads(out.read_text())
    assert result["n"] == 1
    assert 0 < result["ms"]["p50"] < 5000
    assert "pen-up to digits" in capsys.readouterr().out


def test_without_a_browser_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["page"])
    monkeypatch.setattr(page, "missing", lambda: "there is no Chromium (apt install chromium)")
    assert page.main() == 1
    assert capsys.readouterr().err == "page: there is no Chromium (apt install chromium)\n"
