"""The journal's file was damaged while the kiosk was off."""

from __future__ import annotations

import random
import shutil

import pytest

from edge.journal import Journal
from edge.reading import Reading
from tests.system.faults.kiosk import SOAK, Kiosk

pytest.importorskip("fastapi", reason="fastapi is not installed (the extra kiosk)")

SEEDS = range(100 if SOAK else 6)
COUNT = 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return a folder with a journal, and the postcodes that are in it by id."""
    folder = tmp_path_factory.mktemp("whole")
    with Journal(folder / "journal.db") as journal:
        codes = [f"{17 * k + 10_000:05}" for k in range(COUNT)]
        entries = [journal.add(Reading("accepted", None, c, c, 0.99, ()), "write") for c in codes]
    return folder, {entry.id: entry.reading.postcode for entry in entries}


def harm(path, dice):
    """Damage a file in one of the ways in which cards do."""
    content = bytearray(path.read_bytes())
    how = dice.choice(["bytes", "block", "truncated", "zeros"])
    if how == "bytes":
        for _ in range(dice.randrange(1, 200)):
            content[dice.randrange(len(content))] = dice.randrange(256)
    elif how == "truncated":
        del content[dice.randrange(len(content)) :]
    else:
        start = dice.randrange(len(content) // 4096) * 4096
        length = dice.choice([512, 4096])
        content[start : start + length] = (
            bytes(length) if how == "zeros" else dice.randbytes(length)
        )
    path.write_bytes(content)
    return how


@pytest.mark.parametrize("seed", SEEDS)
def test_it_starts_says_so_and_what_is_whole_is_there(tmp_path, whole, seed):
    before, codes = whole
    shutil.copytree(before, tmp_path / "data")
    path = tmp_path / "data" / "journal.db"
    how = harm(path, random.Random(seed))
    with Kiosk(tmp_path / "data") as kiosk:
        found = {each["id"]: each["postcode"] for each in kiosk.readings()}
        status, made = kiosk.write("04524")
        assert (status, kiosk.health()["ready"]) == (201, True)
        assert kiosk.end() == 0
        said = kiosk.said.splitlines()
    print(f"{how}: {len(found)} of {COUNT} readings saved")
    # Nothing is told that was never read.
    assert found.items() <= codes.items()
    assert said[0].startswith("fivebox: ") == ("damaged" in said[0])
    if found.keys() < codes.keys():
        assert "damaged" in said[0]
        assert len(list(path.parent.glob("journal.damaged-*.db"))) == 1
    with Journal(path) as journal:
        assert journal.notice is None
        assert {entry.id for entry in journal.entries()} == {*found, made["id"]}
