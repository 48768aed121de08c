from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing

import pytest

from edge.journal import Journal, salvage
from tests.edge.journal.making import accepted, doubtful, pictures, table

COUNT = 60


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a journal's folder and entries: as it is closed, and as a power cut leaves it."""
    folder = tmp_path_factory.mktemp("made")
    path = folder / "closed.db"
    with Journal(path, keep_images=True, outbox=True) as journal:
        for number in range(COUNT):
            reading = accepted(f"{number:05}") if number % 2 else doubtful(f"{number:05}")
            entry = journal.add(reading, "camera", table(number), pictures(number))
            if number % 5 == 0:
                journal.correct(entry.id, f"{number:05}")
        told = {entry.id: entry for entry in journal.entries(limit=1000)}
        shutil.copy(path, folder / "cut.db")
        shutil.copy(folder / "closed.db-wal", folder / "cut.db-wal")
    return folder, told


def copied(made, name, folder):
    for path in made[0].glob(f"{name}*"):
        if not path.name.endswith((".lock", "-shm")):
            shutil.copy(path, folder / path.name.replace(name, "j"))
    return folder / "j.db"


def spoil(path, dice, count=None):
    content = bytearray(path.read_bytes())
    for _ in range(dice.choice([1, 8, 64]) if count is None else count):
        content[dice.randrange(len(content))] ^= dice.randrange(1, 256)
    path.write_bytes(content)


def opened(path, told):
    """Open a journal, check that all in it is as it was told, and return notice and ids."""
    with Journal(path, keep_images=True, outbox=True) as journal:
        kept = journal.entries(limit=1000)
        for entry in kept:
            before = told[entry.id]
            assert (entry.number, entry.reading) == (before.number, before.reading)
            assert (entry.probabilities == before.probabilities).all()
            assert entry.digits is None or (entry.digits == before.digits).all()
            if journal.notice is None:
                assert entry.corrected == before.corrected
        events = journal.pending(1000)
        assert [event.number for event in events] == sorted({event.number for event in events})
        later = journal.add(accepted(), "write")
        journal.correct(later.id, "99999")
        notice = journal.notice
    with Journal(path) as journal:
        assert journal.notice is None
        assert len(journal.entries(limit=1000)) == len(kept) + 1
    return notice, {entry.id for entry in kept}


@pytest.mark.parametrize("seed", range(30))
def test_of_a_file_with_changed_bytes_what_is_whole_is_saved(made, tmp_path, seed):
    path = copied(made, "closed", tmp_path)
    spoil(path, random.Random(seed))
    damaged = path.read_bytes()
    notice, kept = opened(path, made[1])
    # Bytes that nothing uses may be anything.
    if notice is None:
        assert kept == made[1].keys()
        return
    assert "damaged" in notice
    assert "\n" not in notice
    assert f"{len(kept)} readings" in notice
    [aside] = tmp_path.glob("j.damaged-*.db")
    assert aside.name in notice
    assert aside.read_bytes() == damaged
    # Four rows share a page.
    assert len(kept) >= COUNT - 64


@pytest.mark.parametrize("seed", range(30))
def test_of_a_file_cut_short_what_is_left_is_saved(made, tmp_path, seed):
    path = copied(made, "closed", tmp_path)
    content = path.read_bytes()
    size = random.Random(seed).randrange(len(content))
    path.write_bytes(content[:size])
    notice, kept = opened(path, made[1])
    assert notice is not None
    # By page, rows come in the order in which they were added.
    assert len(kept) >= COUNT * size / len(content) - 25


@pytest.mark.parametrize("seed", range(30))
def test_of_a_damaged_log_what_is_whole_is_saved(made, tmp_path, seed):
    path = copied(made, "cut", tmp_path)
    spoil(path.with_name("j.db-wal"), random.Random(seed), count=1)
    notice, kept = opened(path, made[1])
    # One byte is in one row; and of the last transaction nobody can tell damage from a
    # power cut.
    assert len(kept) >= COUNT - 1
    assert notice is not None or len(kept) >= COUNT - 1


def test_after_a_power_cut_nothing_is_missing_and_nothing_is_said(made, tmp_path):
    path = copied(made, "cut", tmp_path)
    assert path.with_name("j.db-wal").stat().st_size > 100_000
    assert opened(path, made[1]) == (None, made[1].keys())


def test_a_transaction_cut_short_is_no_damage(made, tmp_path):
    path = copied(made, "cut", tmp_path)
    log = path.with_name("j.db-wal")
    log.write_bytes(log.read_bytes()[:-5000])
    notice, kept = opened(path, made[1])
    assert notice is None
    assert len(kept) >= COUNT - 1


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 50_000, b"\xff" * 5000, b"SQLite format 3\0", b"no database " * 999]
)
def test_what_is_no_journal_at_all_is_moved_aside_and_said(tmp_path, content):
    path = tmp_path / "j.db"
    path.write_bytes(content)
    notice, kept = opened(path, {})
    assert notice is not None
    assert not kept
    if content:
        [aside] = tmp_path.glob("j.damaged-*.db")
        assert aside.read_bytes() == content


@pytest.mark.parametrize("place", [0, 16, 18, 19, 28, 60, 68, 100, 101, 103])
def test_a_damaged_head_costs_no_reading(made, tmp_path, place):
    path = copied(made, "closed", tmp_path)
    content = bytearray(path.read_bytes())
    content[place : place + 2] = b"\xa5\xa5"
    path.write_bytes(content)
    notice, kept = opened(path, made[1])
    assert notice is not None
    assert kept == made[1].keys()


def test_a_digit_that_changed_on_the_disk_is_not_taken_for_what_was_read(made, tmp_path):
    path = copied(made, "closed", tmp_path)
    content = path.read_bytes()
    assert b"00042" in content
    path.write_bytes(content.replace(b"00042", b"00043"))
    notice, kept = opened(path, made[1])
    assert "not as it was written" in notice
    assert len(kept) == COUNT - 1


def test_corrections_are_saved_in_their_latest_state(made, tmp_path):
    path = copied(made, "cut", tmp_path)
    content = bytearray(path.with_name("j.db-wal").read_bytes())
    content[0:8] = b"\xff" * 8
    path.with_name("j.db-wal").write_bytes(content)
    with Journal(path) as journal:
        assert "damaged" in journal.notice
        kept = {entry.id: entry.corrected for entry in journal.entries(limit=1000)}
    assert kept == {id: entry.corrected for id, entry in made[1].items()}


@pytest.mark.parametrize("moment", ["_remove_logs", "_drop_old"])
def test_mending_that_was_cut_short_is_finished_at_the_next_start(
    made, tmp_path, monkeypatch, moment
):
    path = copied(made, "closed", tmp_path)
    content = bytearray(path.read_bytes())
    content[0:16] = b"\xff" * 16
    path.write_bytes(content)

    def cut(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(salvage, moment, cut)
    with pytest.raises(KeyboardInterrupt):
        Journal(path)
    monkeypatch.undo()
    notice, kept = opened(path, made[1])
    assert kept == made[1].keys()
    assert (notice is not None) == (moment == "_remove_logs")
    assert len(list(tmp_path.glob("j.damaged-*.db"))) == 1


def test_few_damaged_files_are_left(made, tmp_path):
    for _ in range(5):
        path = copied(made, "closed", tmp_path)
        path.write_bytes(path.read_bytes()[:-3000])
        Journal(path).close()
    assert len(list(tmp_path.glob("j.damaged-*.db"))) == 3


def test_an_index_that_misses_readings_is_damage_too(made, tmp_path):
    """SQLite's quick check does not compare an index with its table."""
    path = copied(made, "closed", tmp_path)
    content = bytearray(path.read_bytes())
    leaves = [at for at in range(0, len(content), 4096) if content[at] == 10]
    # A leaf of an index with nothing on it.
    content[leaves[0] : leaves[0] + 8] = bytes([10, 0, 0, 0, 0, 0x10, 0, 0])
    content[leaves[0] + 8 : leaves[0] + 4096] = bytes(4088)
    path.write_bytes(content)
    notice, kept = opened(path, made[1])
    assert "damaged" in notice
    assert kept == made[1].keys()


def test_numbers_go_on_where_their_count_was_lost(made, tmp_path):
    path = copied(made, "closed", tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM sqlite_sequence")
        connection.commit()
    with Journal(path, outbox=True) as journal:
        assert journal.add(accepted(), "write").number == COUNT + 1
        numbers = [event.number for event in journal.pending(1000)]
        assert numbers == sorted(set(numbers))
