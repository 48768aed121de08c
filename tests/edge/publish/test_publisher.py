from __future__ import annotations

import threading

import pytest

from edge.backoff import Backoff
from edge.errors import PublishError, RefusedError
from edge.journal import Journal
from edge.publish import publisher as module
from edge.publish.publisher import Publisher
from tests.edge.journal.making import accepted
from tests.edge.publish.waiting import until


class Receiver:
    """Takes events, and fails as it is told: a list of what to raise, None to take."""

    name = "test"

    def __init__(self):
        self.arrived = []
        self.failures = []
        self.most_at_once = 0
        self.is_closed = False

    def keep_up(self):
        pass

    def send(self, events):
        self.most_at_once = max(self.most_at_once, len(events))
        for event in events:
            failure = self.failures.pop(0) if self.failures else None
            if failure:
                raise failure
            self.arrived.append(event)
            yield event.number

    def close(self):
        self.is_closed = True


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "j.db", outbox=True, receivers=("test",)) as journal:
        yield journal


@pytest.fixture
def receiver():
    return Receiver()


def fast():
    return Backoff(0.01, 0.05)


def numbers(receiver):
    return [event.number for event in receiver.arrived]


def test_all_that_waits_arrives_in_order_and_is_forgotten(journal, receiver):
    for number in range(120):
        journal.add(accepted(f"{number:05}"), "write")
    with Publisher(journal, receiver) as publisher:
        until(lambda: journal.pending() == [] and publisher.state.is_connected)
        journal.add(accepted("99999"), "write")
        publisher.wake()
        until(lambda: len(receiver.arrived) == 121)
    assert numbers(receiver) == list(range(1, 122))
    assert receiver.most_at_once <= 50
    assert receiver.is_closed


def test_after_failures_what_did_not_arrive_is_sent_again_and_nothing_overtakes(journal, receiver):
    receiver.failures = [PublishError("no"), None, PublishError("no"), PublishError("no"), None]
    for _ in range(5):
        journal.add(accepted(), "write")
    states = []
    with Publisher(journal, receiver, states.append, fast()):
        until(lambda: len(receiver.arrived) == 5)
    assert numbers(receiver) == [1, 2, 3, 4, 5]
    failed = [state for state in states if not state.is_connected]
    assert failed[0].message == "no"
    assert failed[0].retry_s > 0
    assert states[-1].is_connected


def test_what_arrived_but_could_not_be_stored_as_such_is_sent_again_with_the_same_id(
    journal, receiver, monkeypatch
):
    journal.add(accepted(), "write")
    fails = [True]
    real = journal.published

    def published(*arguments):
        if fails:
            fails.pop()
            raise module.FiveboxError("the disk is full")
        real(*arguments)

    monkeypatch.setattr(journal, "published", published)
    with Publisher(journal, receiver, backoff=fast()):
        until(lambda: journal.pending(receiver="test") == [])
    assert len(receiver.arrived) == 2
    assert receiver.arrived[0] == receiver.arrived[1]


def test_a_receiver_that_asks_to_wait_is_left_alone_for_so_long(journal, receiver):
    error = PublishError("busy")
    error.wait_s = 3000.0
    receiver.failures = [error]
    journal.add(accepted(), "write")
    states = []
    with Publisher(journal, receiver, states.append, fast()) as publisher:
        until(lambda: states)
        assert publisher.state.retry_s == 3000.0
    assert receiver.arrived == []
    assert len(journal.pending(receiver="test")) == 1


def test_one_that_is_refused_again_and_again_is_passed_over_and_counted(journal, receiver):
    receiver.failures = [None, *[RefusedError("no")] * 5]
    for _ in range(3):
        journal.add(accepted(), "write")
    with Publisher(journal, receiver, backoff=fast()) as publisher:
        until(lambda: len(receiver.arrived) == 2 and publisher.state.refused)
    assert numbers(receiver) == [1, 3]
    assert publisher.state.refused == 1


def test_a_mistake_of_ours_does_not_end_publishing(journal, receiver, caplog):
    receiver.failures = [ZeroDivisionError("oh")]
    journal.add(accepted(), "write")
    with Publisher(journal, receiver, backoff=fast()):
        until(lambda: receiver.arrived)
    assert "publishing failed" in caplog.text


def test_a_listener_that_fails_does_not_end_publishing(journal, receiver, caplog):
    def fail(state):
        raise ZeroDivisionError(state.message)

    receiver.failures = [PublishError("no"), None]
    journal.add(accepted(), "write")
    with Publisher(journal, receiver, fail, fast()):
        until(lambda: receiver.arrived)
    assert "the listener failed" in caplog.text


def test_closing_does_not_wait_for_the_next_try(journal, receiver):
    receiver.failures = [PublishError("no")] * 100
    journal.add(accepted(), "write")
    publisher = Publisher(journal, receiver, backoff=Backoff(60, 60))
    publisher.start()
    until(lambda: publisher.state.retry_s)
    publisher.close()
    publisher.close()
    assert not any(thread.name == "publish-test" for thread in threading.enumerate())


def test_what_waited_over_a_restart_arrives_after_it(tmp_path, receiver):
    path = tmp_path / "j.db"
    with Journal(path, outbox=True, receivers=("test",)) as journal:
        for _ in range(3):
            journal.add(accepted(), "write")
        journal.published(1, "test")
    with (
        Journal(path, outbox=True, receivers=("test",)) as journal,
        Publisher(journal, receiver),
    ):
        until(lambda: len(receiver.arrived) == 2)
    assert numbers(receiver) == [2, 3]
