from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from benchmarks import inference, peers

SHAPE = (784, 24, 16, 10)
ONNX = {"ONNX Runtime float32", "ONNX Runtime int8", "ONNX Runtime int8, 7 bits"}


@pytest.fixture(scope="module")
def model():
    return inference.drawn_model(SHAPE)


@pytest.fixture(scope="module")
def built(model, tmp_path_factory):
    return inference.contestants(model, tmp_path_factory.mktemp("inference"))


def test_all_contestants_compute_the_same_network(model, built):
    works, _, missing = built
    digits = inference.drawn_digits(40)
    expected = model.predict(digits.reshape(40, 784) / 255, verbose=0)
    assert {"LiteRT int8", "LiteRT float32", "NumPy float32", "Keras predict"} <= set(works)
    assert {*works, *missing} >= ONNX
    for name, work in works.items():
        exact = "float32" in name or name == "Keras predict"
        assert work(digits) == pytest.approx(expected, abs=1e-4 if exact else 0.12), name


def test_a_peer_that_is_missing_is_told_and_the_others_go_on(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    works, _, missing = inference.contestants(model, tmp_path)
    assert set(missing) == ONNX
    assert "onnx is not installed" in missing["ONNX Runtime int8"]
    assert "NumPy float32" in works


def test_they_take_turns_and_each_is_timed(built):
    order = []
    works = {name: lambda d, n=name: order.append(n) for name in ("a", "b")}
    times, bare, first = inference.measure(works, {"a": lambda: order.append("bare")}, rounds=10)
    assert order[:30] == ["a"] * 10 + ["b"] * 10 + ["bare"] * 10
    # Of ten calls in a row the last five are timed, and the first is told apart.
    assert {name: len(each) for name, each in times.items()} == {"a": 50, "b": 50}
    assert {name: len(each) for name, each in first.items()} == {"a": 10, "b": 10}
    assert len(bare["a"]) == 50
    assert min(times["a"]) > 0


def test_it_is_told_of_how_many_digits_another_thing_is_said(built):
    works, _, _ = built
    digits = inference.drawn_digits(1500)
    right = works["NumPy float32"]

    def wrong(some):
        scores = right(some)
        # Every third digit of each portion becomes its neighbour.
        scores[::3] = np.roll(scores[::3], 1, axis=1)
        return scores

    found = inference.unlike_keras(
        {"Keras predict": right, "NumPy float32": right, "wrong": wrong}, digits
    )
    assert found == {"Keras predict": 0, "NumPy float32": 0, "wrong": pytest.approx(501 / 1500)}


def test_every_number_of_digits_and_both_numbers_of_threads_are_timed(model, tmp_path):
    inference.contestants(model, tmp_path)
    rows = inference.measure_rows(tmp_path, 3)
    assert set(rows) == set(inference.ROW_KINDS)
    assert all(list(each) == [str(n) for n in range(1, 9)] for each in rows.values())
    assert min(us for each in rows.values() for us in each.values()) > 0
    threads = inference.measure_threads(tmp_path / "int8.tflite", 2)
    assert set(threads) == {"1", "2"}
    assert min(threads.values()) > 0


def test_the_ratios_are_those_of_the_middle_times():
    table = {"LiteRT int8": {"p50": 30}, "LiteRT float32": {"p50": 90}, "NumPy": {"p50": 60},
             "Keras predict": {"p50": 30_000}}  # fmt: skip
    bare = {"LiteRT int8": {"p50": 25}, "LiteRT float32": {"p50": 80}}
    assert inference.judge(table, bare, "LiteRT int8") == {
        "by the fastest bare invoke": 30 / 25,
        "faster than the fastest peer": 2,
        "faster than predict": 1000,
    }


def test_peers_take_digits_as_the_classifier_does(model, tmp_path, built):
    works, _, _ = built
    for count in (1, 5):
        digits = inference.drawn_digits(count)
        for name, work in works.items():
            assert work(digits).shape == (count, 10), name
    weights = model.get_weights()
    assert peers.numpy_float32(weights)(digits).sum(axis=1) == pytest.approx(1)


def test_the_table_and_the_json_say_the_same(monkeypatch, tmp_path, capsys):
    drawn = inference.drawn_model(SHAPE)
    monkeypatch.setattr(inference, "drawn_model", lambda: drawn)
    out = tmp_path / "inference.json"
    monkeypatch.setattr("sys.argv", ["inference", "--rounds", "10", "--out", str(out)])
    assert inference.main() == 0
    printed = capsys.readouterr().out
    written = json.loads(out.read_text())
    ours = written["us"]["LiteRT int8"]["p50"]
    assert f"{ours:.1f}" in printed
    assert f"{written['first_us']['LiteRT int8']['p50']:.1f}" in printed
    assert written["unlike_keras"]["share"]["Keras predict"] == 0
    assert f"{written['bare_us_by_rows']['int8']['8']:.1f}" in printed
    fastest = min(times["p50"] for times in written["bare_us"].values())
    assert written["ratios"]["by the fastest bare invoke"] == pytest.approx(
        ours / fastest, abs=0.01
    )


def test_a_model_that_is_none_is_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("sys.argv", ["inference", "--model", str(tmp_path / "none.keras")])
    assert inference.main() == 1
    assert "none.keras: no such file" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["inference", "--data", str(tmp_path / "none.npz")])
    assert inference.main() == 1
    told = capsys.readouterr().err
    assert "none.npz: no such file" in told
    assert len(told.splitlines()) == 1
