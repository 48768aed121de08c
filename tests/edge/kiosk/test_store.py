from __future__ import annotations

import threading

import numpy as np
import pytest

from edge.errors import JournalError, UnknownReadingError
from edge.journal import Journal
from edge.kiosk.store import Seen, Store
from edge.reading import Reading

READING = Reading("accepted", postcode="04524", guess="04524", confidence=0.99)
SEEN = Seen(np.full((5, 28, 28), 9, np.uint8), np.full((5, 10), 0.1, np.float32))


@pytest.fixture
def told():
    return []


@pytest.fixture
def store(journal, told):
    return Store(journal, told.append, recent=3)


@pytest.fixture
def refuse(journal, monkeypatch):
    """Return a function that lets the journal take nothing, and one that ends it."""

    def begin(message="the disk is full"):
        def raise_it(*_args):
            raise JournalError(message)

        for name in ("add", "correct", "tidy"):
            monkeypatch.setattr(journal, name, raise_it)

    return begin, monkeypatch.undo


def test_what_is_added_is_in_the_journal(store, journal, told):
    entry = store.add(READING, "write", SEEN)
    assert journal.get(entry.id).reading == READING
    assert np.allclose(journal.get(entry.id).probabilities, SEEN.probabilities)
    assert told == []


def test_a_failure_is_told_once_and_so_is_the_recovery(store, told, refuse):
    begin, end = refuse
    begin()
    assert store.add(READING, "write", SEEN) is None
    assert store.add(READING, "write", SEEN) is None
    assert store.problem == "the disk is full"
    end()
    assert store.add(READING, "write", SEEN) is not None
    assert store.problem is None
    assert told == ["the disk is full", None]


def test_a_recovery_is_told_after_the_failure_that_another_thread_still_tells(journal, refuse):
    told, is_telling, may_go_on = [], threading.Event(), threading.Event()

    def tell(problem):
        if problem is not None:
            is_telling.set()
            may_go_on.wait(0.2)
        else:
            may_go_on.set()
        told.append(problem)

    store = Store(journal, tell, recent=3)
    begin, end = refuse
    begin()
    failing = threading.Thread(target=store.add, args=(READING, "write", SEEN))
    failing.start()
    is_telling.wait(10)
    end()
    store.add(READING, "write", SEEN)
    failing.join()
    assert told == ["the disk is full", None]


def test_another_problem_is_told_too(store, told, refuse):
    begin, _ = refuse
    begin("the disk is full")
    store.add(READING, "write", None)
    begin("the disk is gone")
    store.add(READING, "write", None)
    assert told == ["the disk is full", "the disk is gone"]


def test_a_correction_that_can_not_be_kept_is_told_and_raised(store, told, refuse):
    entry = store.add(READING, "write", SEEN)
    begin, end = refuse
    begin()
    with pytest.raises(JournalError):
        store.correct(entry.id, "04525")
    end()
    assert store.correct(entry.id, "04525").corrected == "04525"
    assert told == ["the disk is full", None]


def test_a_correction_of_nothing_is_no_problem_of_the_journal(store, told):
    with pytest.raises(UnknownReadingError):
        store.correct("0" * 32, "04525")
    assert told == []


def test_a_probe_ends_the_problem_only_when_it_has_ended(store, told, refuse):
    begin, end = refuse
    begin()
    store.add(READING, "write", SEEN)
    store.probe()
    assert store.problem == "the disk is full"
    end()
    store.probe()
    assert told == ["the disk is full", None]


def test_a_probe_needs_room_on_the_disk(store, told, refuse, monkeypatch):
    begin, end = refuse
    begin()
    store.add(READING, "write", SEEN)
    end()

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edge.kiosk.store.os.fsync", full)
    store.probe()
    assert store.problem == "the disk is full"


def test_a_probe_leaves_nothing_behind(store, journal):
    before = sorted(journal.path.parent.iterdir())
    store.probe()
    assert sorted(journal.path.parent.iterdir()) == before


def test_images_of_the_last_readings_are_remembered(store):
    ids = [store.add(READING, "write", SEEN).id for _ in range(4)]
    assert store.seen(ids[0]) is None
    for id in ids[1:]:
        assert np.array_equal(store.seen(id).digits, SEEN.digits)
    assert store.seen("0" * 32) is None


def test_images_that_the_journal_keeps_are_found_there(tmp_path, told):
    with Journal(tmp_path / "journal.db", keep_images=True) as journal:
        store = Store(journal, told.append, recent=1)
        first = store.add(READING, "write", SEEN).id
        store.add(READING, "write", SEEN)
        assert np.array_equal(store.seen(first).digits, SEEN.digits)


def test_a_corrected_readings_images_are_kept_although_they_were_not_before(tmp_path, told):
    with Journal(tmp_path / "journal.db", keep_images=True) as journal:
        store = Store(journal, told.append, recent=5)
        store.correct(store.add(READING, "write", SEEN).id, "04525")
        (entry,) = journal.reviewed()
        assert np.array_equal(entry.digits, SEEN.digits)


def test_a_journal_that_fails_from_the_start_is_a_problem_from_the_start(tmp_path, told):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    with Journal(blocked / "journal.db") as journal:
        store = Store(journal, told.append, recent=1)
        assert store.problem
        assert store.add(READING, "write", None) is None
        store.probe()
        assert store.problem
        blocked.unlink()
        assert store.add(READING, "write", None) is not None
        assert store.problem is None
