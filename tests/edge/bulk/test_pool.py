from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

import pytest

from edge.bulk.pool import Pool
from edge.bulk.worker import Setup
from edge.errors import InputError, ModelError, WorkerError
from edge.sources.archives import Member
from edge.sources.inputs import Input, open_documents
from tests.edge.bulk.readers import make_dead, make_none, make_obedient, orders
from tests.edge.drawing import row
from tests.edge.sources.shards import photo, write_pages


@pytest.fixture(autouse=True)
def no_process_is_left():
    yield
    assert multiprocessing.active_children() == []


def read(inputs, jobs=2, make=make_obedient):
    return list(Pool(make, jobs).read(lambda _: iter(inputs)))


def test_readings_come_in_the_order_of_the_inputs(tmp_path):
    naps = [0.3, 0.0, 0.1, 0.0, 0.2, 0.0, 0.0]
    inputs = orders(tmp_path, *[("sleep", nap) for nap in naps])
    readings = read(inputs, jobs=3)
    assert [reading.source for reading in readings] == [item.source for item in inputs]


def test_several_processes_read_and_none_of_them_is_this_one(tmp_path):
    inputs = orders(tmp_path, *[("where", ""), ("sleep", 0.2)] * 10)
    readers = {reading.reason for reading in read(inputs) if reading.status == "no-boxes"}
    assert 1 <= len(readers) <= 2
    assert str(os.getpid()) not in readers


def test_a_process_uses_one_thread(tmp_path):
    (reading,) = read(orders(tmp_path, ("threads", "")))
    assert reading.reason == "1 1"


def test_a_reading_is_there_before_the_next_input_is(tmp_path):
    first, second = orders(tmp_path, ("answer", "04524"), ("answer", "67381"))
    may_go_on = threading.Event()

    def listing(_):
        yield first
        assert may_go_on.wait(30)
        yield second

    readings = Pool(make_obedient, 2).read(listing)
    assert next(readings).postcode == "04524"
    may_go_on.set()
    assert [reading.postcode for reading in readings] == ["67381"]


def test_of_many_inputs_only_a_few_are_taken_ahead(tmp_path):
    (item,) = orders(tmp_path, ("answer", "04524"))
    taken = []

    def listing(_):
        for number in range(100_000):
            taken.append(number)
            yield item

    readings = Pool(make_obedient, 2).read(listing)
    for _ in range(50):
        next(readings)
    # What is ahead does not grow while nobody takes readings.
    time.sleep(0.5)
    assert 50 <= len(taken) < 50 + 200
    readings.close()


def test_inputs_that_carry_their_content_are_taken_by_its_size(tmp_path):
    content = bytes(10_000_000)
    taken = []

    def listing(_):
        yield orders(tmp_path, ("sleep", 1.0))[0]
        for number in range(100):
            taken.append(number)
            yield Input(f"{number}", "a.tgz", Member("a.png", content=content))

    readings = Pool(make_obedient, 1).read(listing)
    next(readings)
    assert len(taken) < 25
    readings.close()


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_an_input_that_kills_its_reader_is_an_error_and_the_others_are_read(tmp_path, name):
    whats = [("answer", f"{number:05d}") for number in range(12)]
    whats[4] = ("die", name)
    readings = read(orders(tmp_path, *whats))
    assert [reading.status for reading in readings] == [
        "error" if what == "die" else "accepted" for what, _ in whats
    ]
    assert name in readings[4].reason
    assert readings[4].source.endswith("0004.json")


def test_nothing_but_poison_is_nothing_but_errors(tmp_path):
    readings = read(orders(tmp_path, *[("die", "SIGKILL")] * 4))
    assert [reading.status for reading in readings] == ["error"] * 4


def test_an_input_whose_reader_died_of_something_else_is_read_again(tmp_path):
    mark = tmp_path / "mark"
    whats = [("answer", "1"), ("die once", str(mark)), ("answer", "2")]
    readings = read(orders(tmp_path, *whats))
    assert [reading.status for reading in readings] == ["accepted", "rejected", "accepted"]
    assert mark.exists()


def test_a_process_that_is_killed_while_it_waits_is_replaced(tmp_path):
    inputs = orders(tmp_path, *[("answer", str(number)) for number in range(6)])
    may_go_on = threading.Event()

    def listing(_):
        yield from inputs[:3]
        assert may_go_on.wait(30)
        yield from inputs[3:]

    readings = Pool(make_obedient, 2).read(listing)
    first = [next(readings) for _ in range(3)]
    for child in multiprocessing.active_children():
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    may_go_on.set()
    assert [reading.postcode for reading in [*first, *readings]] == list("012345")


def test_a_fault_of_the_program_is_an_error_of_that_input(tmp_path):
    readings = read(orders(tmp_path, ("fail", "oops"), ("allocate", 0), ("answer", "1")))
    assert [reading.status for reading in readings] == ["error", "error", "accepted"]
    assert "ZeroDivisionError: oops" in readings[0].reason
    assert "memory" in readings[1].reason


def test_what_keeps_the_recogniser_from_being_made_ends_the_work(tmp_path):
    with pytest.raises(ModelError, match="no such model"):
        read(orders(tmp_path, *[("answer", "1")] * 9), make=make_none)


def test_processes_that_die_before_they_are_ready_end_the_work(tmp_path):
    with pytest.raises(WorkerError, match="exit code 7"):
        read(orders(tmp_path, *[("answer", "1")] * 9), make=make_dead)


def test_what_is_wrong_with_the_list_comes_after_the_readings_before_it(tmp_path):
    inputs = orders(tmp_path, ("sleep", 0.3), ("answer", "1"))

    def listing(_):
        yield from inputs
        raise InputError("the list can't be read")

    readings = Pool(make_obedient, 2).read(listing)
    assert [next(readings).status, next(readings).status] == ["rejected", "accepted"]
    with pytest.raises(InputError, match="the list"):
        next(readings)


def test_no_inputs_give_no_readings_and_start_no_process():
    assert read([]) == []


def test_documents_are_opened_by_the_processes(tmp_path):
    scan = write_pages(tmp_path / "scan.pdf", ["04524", "67381", "29506"])
    (tmp_path / "bad.pdf").write_text("no document")
    (tmp_path / "last.png").write_bytes(photo())
    paths = [tmp_path / "bad.pdf", scan, tmp_path / "last.png"]

    def listing(count):
        return open_documents(map(Input.of, paths), count)

    readings = list(Pool(make_obedient, 2).read(listing))
    names = [reading.source.rpartition("/")[2] for reading in readings]
    assert names == ["bad.pdf", "scan.pdf#1", "scan.pdf#2", "scan.pdf#3", "last.png"]
    assert [reading.status for reading in readings] == ["error", *["no-boxes"] * 4]
    height, width = row()[0].shape[:2]
    assert readings[-1].reason == f"{width}x{height}"


def test_work_that_is_given_up_leaves_no_process_and_no_thread(tmp_path):
    threads = threading.active_count()
    scan = write_pages(tmp_path / "scan.pdf", ["04524", "67381"])
    inputs = [*orders(tmp_path, ("answer", "1"), ("sleep", 30), ("sleep", 30)), Input.of(scan)]
    readings = Pool(make_obedient, 2).read(lambda count: open_documents(iter(inputs), count))
    next(readings)
    start = time.monotonic()
    readings.close()
    assert time.monotonic() - start < 10
    assert multiprocessing.active_children() == []
    while threading.active_count() > threads and time.monotonic() - start < 10:
        time.sleep(0.01)
    assert threading.active_count() == threads


def test_the_readings_are_those_of_one_process(tmp_path, recognizer):
    from edge.batch import read_all

    for number, code in enumerate(["04524", "67381", "29506"]):
        (tmp_path / f"{number}.png").write_bytes(photo(code))
    inputs = [Input.of(tmp_path / f"{number}.png") for number in (0, 1, 2, 1)]
    alone, together = list(read_all(recognizer, inputs)), read(inputs, make=Setup())
    for one, other in zip(alone, together, strict=True):
        assert vars(one) | {"elapsed_ms": 0} == vars(other) | {"elapsed_ms": 0}


def test_processes_that_are_kept_read_again_and_end_when_they_are_told_to(tmp_path):
    pool = Pool(make_obedient, 1, is_kept=True)
    inputs = orders(tmp_path, ("where", ""))
    try:
        first, second = (next(pool.read(lambda _: iter(inputs))).reason for _ in range(2))
        assert multiprocessing.active_children() == []
        third, fourth = (
            reading.reason for _ in range(2) for reading in pool.read(lambda _: iter(inputs))
        )
    finally:
        pool.close()
    # Reading that is not gone through to its end ends them.
    assert len({first, second, third}) == 3
    assert third == fourth
