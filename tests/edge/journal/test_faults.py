"""What happens to kiosks: the power is cut, the disk is full, the disk is read-only."""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.errors import JournalError
from edge.journal import Journal, store
from tests.conftest import ROOT
from tests.disks import fill, remount
from tests.edge.journal.making import accepted, pictures, table

WRITER = Path(__file__).with_name("writer.py")


def test_what_was_told_as_stored_survives_kill_at_any_moment(tmp_path):
    path = tmp_path / "j.db"
    dice = random.Random(5)
    stored, corrected = [], {}
    for _ in range(20):
        with subprocess.Popen(
            [sys.executable, WRITER, path],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as writer:
            lines = [writer.stdout.readline()]
            time.sleep(dice.uniform(0, 0.15))
            writer.send_signal(signal.SIGKILL)
            lines += writer.stdout.read().splitlines()
        # The last line may be cut short anywhere, and then nobody was told.
        for line in lines:
            if told := re.fullmatch(r"stored (\w{32})", line.strip()):
                stored.append(told[1])
            elif told := re.fullmatch(r"corrected (\w{32}) (\d{5})", line.strip()):
                corrected[told[1]] = told[2]
    assert len(stored) > 100
    begun = time.monotonic()
    with Journal(path, outbox=True) as journal:
        assert time.monotonic() - begun < 3
        assert journal.notice is None
        entries = {entry.id: entry for entry in journal.entries(limit=100_000)}
        assert len(entries) == len(journal.entries(limit=100_000))
        assert entries.keys() >= {*stored, *corrected}
        numbers = [entries[id].number for id in stored]
        assert numbers == sorted(numbers)
        assert all(entries[id].digits is not None for id in stored)
        assert {id: entries[id].corrected for id in corrected} == corrected
        events = journal.pending(100_000)
        assert [event.number for event in events] == sorted({event.number for event in events})
        for id in (*stored, *corrected):
            assert sum(id in event.payload for event in events) == 1 + (id in corrected)


def test_a_full_disk_stores_nothing_by_halves_and_recovers_by_itself(small_disk):
    path = small_disk / "j.db"
    with Journal(path, keep_images=True, outbox=True) as journal:
        told = [journal.add(accepted(), "write", table(), pictures()).id for _ in range(5)]
        filler = fill(small_disk)
        for _ in range(1000):
            try:
                told.append(journal.add(accepted(), "write", table(), pictures()).id)
            except JournalError as error:
                said = str(error)
                break
        assert "disk is full" in said
        assert "\n" not in said
        assert journal.problem == said
        for _ in range(3):
            with pytest.raises(JournalError, match="disk is full"):
                journal.add(accepted(), "write", table(), pictures())
        with pytest.raises(JournalError, match="disk is full"):
            journal.correct(told[0], "11111")
        assert {entry.id for entry in journal.entries(limit=2000)} == set(told)
        filler.unlink()
        told.append(journal.add(accepted(), "write", table(), pictures()).id)
        assert journal.problem is None
        assert journal.correct(told[0], "11111").corrected == "11111"
    with Journal(path, outbox=True) as journal:
        assert journal.notice is None
        assert {entry.id for entry in journal.entries(limit=2000)} == set(told)
        assert len(journal.pending(2000)) == len(told) + 1


def test_a_journal_can_be_opened_on_a_full_disk_and_stores_when_there_is_space(small_disk):
    filler = fill(small_disk)
    with Journal(small_disk / "deep" / "j.db") as journal:
        assert journal.problem is not None
        with pytest.raises(JournalError):
            journal.add(accepted(), "write")
        filler.unlink()
        entry = journal.add(accepted(), "write")
        assert journal.problem is None
        assert journal.get(entry.id) is not None


def test_a_damaged_journal_on_a_full_disk_waits_for_space_and_is_then_saved(small_disk):
    path = small_disk / "j.db"
    with Journal(path) as journal:
        told = {journal.add(accepted(), "write", table()).id for _ in range(40)}
    content = bytearray(path.read_bytes())
    content[3900:4000] = b"\xff" * 100
    path.write_bytes(content)
    filler = fill(small_disk)
    with Journal(path) as journal:
        assert "full" in journal.problem
        assert path.read_bytes() == content
        assert not list(small_disk.glob("*.partial*"))
        filler.unlink()
        told.add(journal.add(accepted(), "write").id)
        assert "damaged" in journal.notice
        assert {entry.id for entry in journal.entries()} == told


def test_a_read_only_disk_is_said_and_once_it_is_writable_readings_are_stored(small_disk):
    path = small_disk / "j.db"
    with Journal(path) as journal:
        journal.add(accepted(), "write")
    remount(small_disk, "ro")
    with Journal(path) as journal:
        assert "read-only" in journal.problem
        with pytest.raises(JournalError, match="read-only"):
            journal.add(accepted(), "write")
        remount(small_disk, "rw")
        journal.add(accepted(), "write")
        assert journal.problem is None
        assert len(journal.entries()) == 2


@pytest.fixture
def nobody():
    """Be a user whom files' permissions mean, as root is not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


def permit(path, mode):
    before = os.geteuid()
    if os.getuid() == 0:
        os.seteuid(0)
    path.chmod(mode)
    os.seteuid(before)


def test_permission_that_was_taken_away_is_said_and_given_back_is_enough(tmp_path, nobody):
    folder = tmp_path / "data"
    permit(tmp_path, 0o777)
    folder.mkdir()
    with Journal(folder / "j.db") as journal:
        journal.add(accepted(), "write")
    permit(folder / "j.db", 0o400)
    permit(folder, 0o500)
    with Journal(folder / "j.db") as journal:
        assert "permissions" in journal.problem
        with pytest.raises(JournalError, match="permissions"):
            journal.add(accepted(), "write")
        permit(folder, 0o700)
        permit(folder / "j.db", 0o600)
        journal.add(accepted(), "write")
        assert journal.problem is None
        assert len(journal.entries()) == 2


def test_a_failing_disk_is_asked_afresh_each_time(tmp_path, monkeypatch):
    def broken(path):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    with Journal(tmp_path / "j.db") as journal:
        journal.add(accepted(), "write")
        # As after the card was pulled: what is open fails, and so does opening it again.
        journal._store._connection.close()
        monkeypatch.setattr(store, "connect", broken)
        for _ in range(2):
            with pytest.raises(JournalError, match="check the disk"):
                journal.add(accepted(), "write")
        with pytest.raises(JournalError, match="disk I/O error"):
            journal.entries()
        monkeypatch.undo()
        journal.add(accepted(), "write")
        assert journal.problem is None
        assert len(journal.entries()) == 2


def test_a_file_that_was_moved_away_is_begun_anew_before_the_next_reading(tmp_path):
    path = tmp_path / "j.db"
    with Journal(path) as journal:
        journal.add(accepted("11111"), "write")
        path.rename(tmp_path / "elsewhere.db")
        told = journal.add(accepted("22222"), "write")
    with Journal(path) as journal:
        assert journal.get(told.id) is not None


def test_a_folder_in_the_files_place_is_said(tmp_path):
    (tmp_path / "j.db").mkdir()
    with Journal(tmp_path / "j.db") as journal:
        assert journal.problem
        with pytest.raises(JournalError) as caught:
            journal.add(accepted(), "write")
        assert "\n" not in str(caught.value)
