from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmarks import emulator, instructions

MODEL = Path(__file__).parents[2] / "edge/models/postcode.tflite"
CARD = MODEL.with_suffix(".json")


def row(variant="int8", errors=50, us=100.0, **instructions_of):
    return {
        "variant": variant, "bytes": 1000, "of": 10_000, "errors": errors, "source_errors": 50,
        "us": us, "instructions": instructions_of or {"a76": 100, "a72": 100},
    }  # fmt: skip


def test_the_cheapest_on_all_processors_together_is_chosen():
    rows = [row("a", us=100, a76=300, a72=300), row("b", us=110, a76=100, a72=250)]
    assert instructions.choose(rows) == "b"
    rows[0]["instructions"]["a76"] = 90
    assert instructions.choose(rows) == "a"


def test_what_loses_too_much_accuracy_is_not_chosen_however_cheap():
    cheap = row("int4", errors=61, us=1, a76=1, a72=1)
    assert instructions.choose([row(), cheap]) == "int8"
    assert instructions.choose([row(), cheap | {"errors": 60}]) == "int4"


@pytest.fixture
def table(tmp_path):
    def write(content):
        path = tmp_path / "m.variants.json"
        path.write_text(json.dumps(content))
        return path

    return write


def kept(variant="int8", refused=""):
    return {"variant": variant, "bytes": 9, "of": 10, "errors": 1, "source_errors": 1,
            "us_5": {"p50": 7.0, "p99": 9.0}, "refused": refused}  # fmt: skip


def test_refused_variants_are_left_out(table, tmp_path):
    (tmp_path / "m-int8.tflite").write_bytes(b"x")
    (found,) = instructions.kept_variants(table([kept(), kept("int4", "worse by 3 points")]))
    assert (found["variant"], found["us"]) == ("int8", 7.0)
    assert found["path"].name == "m-int8.tflite"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([kept()], "m-int8.tflite: is not beside its table"),
        ([], "no variant was kept"),
        ([{"refused": ""}], "not a table of variants"),
        ([1], "not a table of variants"),
        (3, "not a table of variants"),
    ],
)
def test_what_is_no_table_is_one_sentence(table, content, said):
    with pytest.raises(emulator.EmulatorError, match=said):
        instructions.kept_variants(table(content))
    with pytest.raises(emulator.EmulatorError, match="can't be read"):
        instructions.kept_variants(Path("/nowhere/m.variants.json"))


@pytest.mark.skipif(shutil.which("qemu-aarch64") is None, reason="qemu-user is not installed")
def test_without_an_arm64_system_it_is_said_how_to_make_one(tmp_path):
    with pytest.raises(emulator.EmulatorError, match=r"scripts/arm64/make-root trixie"):
        emulator.prepare(tmp_path, tmp_path, "numpy")


def test_without_qemu_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(emulator.EmulatorError, match="install qemu-user"):
        emulator.prepare(instructions.ROOT, tmp_path, "numpy")


def test_a_missing_emulator_is_one_line(monkeypatch, table, tmp_path, capsys):
    (tmp_path / "m-int8.tflite").write_bytes(b"x")
    monkeypatch.setattr("sys.argv", ["instructions", str(table([kept()])), "--root", "/nowhere"])
    assert instructions.main() == 1
    told = capsys.readouterr().err
    assert told.startswith("instructions: ")
    assert len(told.splitlines()) == 1


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """Return an emulator without packages: a Python that counts needs none."""
    try:
        return emulator.prepare(instructions.ROOT, tmp_path_factory.mktemp("board"), None)
    except (emulator.EmulatorError, PermissionError) as error:
        pytest.skip(f"nothing of arm64 can be run here: {error}")


def test_more_work_is_more_instructions_and_the_same_is_the_same(board, tmp_path):
    script = tmp_path / "loop.py"
    script.write_text("import sys\nfor _ in range(int(sys.argv[1])): pass\n")
    core = emulator.CORES[0]
    none, many, again = (board.count(core, script, [times]) for times in ("0", "100000", "100000"))
    # A turn of an empty loop is tens of instructions of the interpreter.
    assert 10 < (many - none) / 100_000 < 1000
    assert abs(many - again) < 0.001 * many


def test_a_guest_that_fails_is_one_sentence_with_its_last_words(board, tmp_path):
    script = tmp_path / "wrong.py"
    script.write_text("raise SystemExit('not today')\n")
    with pytest.raises(emulator.EmulatorError, match=r"wrong.py failed under qemu \(not today\)"):
        board.count(emulator.CORES[0], script, [])


def test_the_guest_sees_the_core_that_it_is_told(board, tmp_path):
    script = tmp_path / "look.py"
    script.write_text(
        "import sys\n"
        "told = open('/proc/cpuinfo').read() + open('/sys/devices/system/cpu/cpu0/regs/"
        "identification/midr_el1').read()\n"
        "sys.exit(None if all(word in told for word in sys.argv[1:]) else told)\n"
    )
    a76, a72 = emulator.CORES
    board.count(a76, script, ["asimddp", "0xd0b", "0x00000000414fd0b0"])
    board.count(a72, script, ["crc32 cpuid\n", "0xd08", "0x00000000410fd080"])


def test_the_bundled_model_is_of_the_kind_that_was_chosen():
    found = json.loads(instructions.RESULTS.read_text())
    assert found["chosen"] == json.loads(CARD.read_text())["quantization"]
    assert instructions.choose(found["variants"]) == found["chosen"]
