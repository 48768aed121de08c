from __future__ import annotations

import pytest

from edge.journal import Journal
from tests.edge.journal.making import DAY_S, Clock, accepted, doubtful, pictures, table


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def journal(tmp_path, clock):
    with Journal(tmp_path / "j.db", keep_images=True, most_days=90, clock=clock) as journal:
        yield journal


def guesses(journal):
    return sorted(entry.reading.guess for entry in journal.entries(limit=100_000))


def test_readings_go_after_their_days_and_their_images_with_them(journal, clock):
    journal.add(doubtful("11111"), "camera", table(), pictures())
    clock.pass_s(89 * DAY_S)
    journal.add(doubtful("22222"), "camera", table(), pictures())
    assert guesses(journal) == ["11111", "22222"]
    clock.pass_s(2 * DAY_S)
    journal.tidy()
    assert guesses(journal) == ["22222"]
    [(images,)] = journal._store.rows("SELECT count(*) FROM images")
    assert images == 1


def test_the_days_are_kept_without_being_asked(journal, clock):
    journal.add(doubtful("11111"), "camera")
    clock.pass_s(91 * DAY_S)
    journal.add(doubtful("22222"), "camera")
    assert guesses(journal) == ["22222"]


def test_a_clock_that_jumps_a_year_ahead_deletes_nothing(journal, clock):
    journal.add(doubtful("11111"), "camera")
    clock.jump_s(365 * DAY_S)
    entry = journal.add(doubtful("22222"), "camera")
    journal.tidy()
    assert not entry.clock_is_right
    assert guesses(journal) == ["11111", "22222"]


def test_a_clock_that_was_years_behind_deletes_nothing_when_it_is_set(journal, clock):
    clock.jump_s(-3650 * DAY_S)
    journal.add(doubtful("11111"), "camera")
    clock.jump_s(3650 * DAY_S, is_right=True)
    journal.tidy()
    assert guesses(journal) == ["11111"]


def test_without_a_clock_the_days_that_the_machine_has_run_count(journal, clock):
    clock.jump_s(0, is_right=False)
    journal.add(doubtful("11111"), "camera")
    clock.pass_s(40 * DAY_S)
    journal.add(doubtful("22222"), "camera")
    for boot in ("second", "third"):
        clock.reboot(boot, is_right=False)
        clock.pass_s(30 * DAY_S)
        journal.add(doubtful(f"{boot}"), "camera")
    # 40 + 30 + 30 days after the first one, 60 after the second.
    journal.tidy()
    assert guesses(journal) == ["22222", "second", "third"]
    clock.pass_s(29 * DAY_S)
    journal.tidy()
    assert guesses(journal) == ["22222", "second", "third"]
    clock.pass_s(2 * DAY_S)
    journal.tidy()
    assert guesses(journal) == ["second", "third"]


def test_the_file_stays_within_its_megabytes_and_the_newest_are_kept(tmp_path):
    path = tmp_path / "j.db"
    with Journal(path, keep_images=True, most_mb=1) as journal:
        for number in range(400):
            journal.add(doubtful(f"{number:05}"), "camera", table(), pictures(number))
        kept = guesses(journal)
    assert path.stat().st_size <= 1_100_000
    assert 100 < len(kept) < 300
    assert kept == [f"{number:05}" for number in range(400 - len(kept), 400)]


def test_what_is_deleted_is_overwritten(tmp_path):
    path = tmp_path / "j.db"
    with Journal(path, clock=(clock := Clock()), most_days=1) as journal:
        journal.add(doubtful(reason="a-word-to-look-for"), "camera")
        clock.pass_s(2 * DAY_S)
        journal.add(accepted(), "camera")
    assert b"a-word-to-look-for" not in path.read_bytes()


def test_bounds_hold_for_what_waits_to_be_published(tmp_path):
    path = tmp_path / "j.db"
    with Journal(path, outbox=True, most_mb=1) as journal:
        for number in range(1200):
            journal.add(accepted(f"{number:05}"), "camera", table())
        waiting = journal.pending(10_000)
        assert journal.dropped == waiting[0].number - 1 > 0
    assert path.stat().st_size <= 1_100_000
    numbers = [event.number for event in waiting]
    assert numbers == list(range(numbers[0], 1201))


def test_more_than_may_wait_drops_the_oldest_and_counts_them(tmp_path):
    with Journal(tmp_path / "j.db", outbox=True, most_pending=3) as journal:
        entries = [journal.add(accepted(f"{number:05}"), "camera") for number in range(5)]
        assert [event.number for event in journal.pending()] == [3, 4, 5]
        assert journal.dropped == 2
        assert all(journal.get(entry.id) for entry in entries)
