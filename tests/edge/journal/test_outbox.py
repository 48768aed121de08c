from __future__ import annotations

import json

import pytest

from edge.errors import JournalError
from edge.journal import Journal
from tests.edge.journal.making import accepted, doubtful


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "j.db", outbox=True, model_sha256="ab" * 32) as journal:
        yield journal


def test_each_reading_and_correction_waits_in_order(journal):
    first = journal.add(accepted("04524", "서울"), "write")
    second = journal.add(doubtful("67381"), "camera")
    journal.correct(second.id, "67387")
    events = journal.pending()
    assert [event.kind for event in events] == ["reading", "reading", "correction"]
    assert len({event.id for event in events}) == 3
    told = [json.loads(event.payload) for event in events]
    assert [each["id"] for each in told] == [first.id, second.id, second.id]
    assert told[0]["postcode"] == "04524"
    assert told[0]["region"] == "서울"
    assert told[0]["model_sha256"] == "ab" * 32
    assert [each["corrected"] for each in told] == [None, None, "67387"]
    assert all("\n" not in event.payload for event in events)


def test_what_was_published_is_forgotten_and_the_rest_stays(journal):
    for number in range(5):
        journal.add(accepted(f"{number:05}"), "write")
    journal.published(journal.pending(2)[-1].number)
    assert [event.number for event in journal.pending()] == [3, 4, 5]
    journal.published(1)
    assert [event.number for event in journal.pending(1)] == [3]
    journal.published(3)
    assert [event.number for event in journal.pending()] == [4, 5]


def test_what_was_not_there_yet_is_not_taken_for_published(journal):
    journal.add(accepted(), "write")
    journal.published(99)
    assert journal.pending() == []
    journal.add(accepted(), "write")
    assert [event.number for event in journal.pending()] == [2]


def test_an_event_stays_until_every_receiver_has_it(tmp_path):
    path = tmp_path / "j.db"
    with Journal(path, outbox=True, receivers=("broker", "web")) as journal:
        for number in range(4):
            journal.add(accepted(f"{number:05}"), "write")
        journal.published(3, "broker")
        journal.published(1, "web")
    with Journal(path, outbox=True, receivers=("broker", "web")) as journal:
        assert [event.number for event in journal.pending(receiver="broker")] == [4]
        assert [event.number for event in journal.pending(receiver="web")] == [2, 3, 4]
        assert [event.number for event in journal.pending(receiver="new")] == [2, 3, 4]
    # One that is no longer published to keeps nothing.
    with Journal(path, outbox=True, receivers=("broker",)) as journal:
        journal.published(4, "broker")
        assert journal.pending(receiver="new") == []


def test_what_waits_is_the_same_after_a_restart_and_numbers_go_on(tmp_path):
    path = tmp_path / "j.db"
    with Journal(path, outbox=True) as journal:
        journal.add(accepted(), "write")
        journal.add(accepted(), "write")
        before = journal.pending()
        journal.published(1)
    with Journal(path, outbox=True) as journal:
        assert journal.pending() == before[1:]
        journal.add(accepted(), "write")
        assert [event.number for event in journal.pending()] == [2, 3]


def test_without_an_outbox_nothing_waits(tmp_path):
    with Journal(tmp_path / "j.db") as journal:
        journal.correct(journal.add(accepted(), "write").id, "11111")
        assert journal.pending() == []


def test_a_word_said_twice_is_published_once(journal):
    entry = journal.add(doubtful(), "camera")
    assert journal.correct(entry.id, "11111") == journal.correct(entry.id, "11111")
    assert [event.kind for event in journal.pending()] == ["reading", "correction"]


def test_a_reading_and_its_event_are_kept_both_or_neither(journal, monkeypatch):
    def fail(*_):
        raise JournalError("no")

    monkeypatch.setattr("edge.journal.journal.to_payload", fail)
    with pytest.raises(JournalError):
        journal.add(accepted(), "write")
    monkeypatch.undo()
    assert journal.entries() == []
    assert journal.pending() == []
    journal.add(accepted(), "write")
    assert len(journal.pending()) == 1
