from __future__ import annotations

import re
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import InputError, JournalError, UnknownReadingError
from edge.journal import Journal
from edge.reading import Digit, Reading
from tests.edge.journal.making import NOON_US, Clock, accepted, doubtful, pictures, table

texts = st.none() | st.text(max_size=20)
finite = st.floats(allow_nan=False)
quads = st.none() | st.tuples(*[st.tuples(finite, finite)] * 4)
readings = st.builds(
    Reading,
    status=st.sampled_from(["accepted", "rejected", "no-boxes", "error"]),
    source=texts,
    postcode=st.none() | st.from_regex(r"[0-9]{5}", fullmatch=True),
    guess=st.none() | st.from_regex(r"[0-9]{1,9}", fullmatch=True),
    confidence=st.floats(0, 1),
    digits=st.lists(
        st.builds(Digit, st.none() | st.sampled_from("0123456789"), st.floats(0, 1), quads),
        max_size=6,
    ).map(tuple),
    region=texts,
    reason=texts,
    elapsed_ms=finite,
)


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.db", keep_images=True, model_sha256="ab" * 32) as journal:
        yield journal


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with Journal(tmp_path_factory.mktemp("shared") / "journal.db", keep_images=True) as journal:
        yield journal


def postcodes(entries):
    return [entry.reading.guess for entry in entries]


@given(readings, st.none() | st.integers(0, 2**32), st.none() | st.integers(0, 2**32))
def test_a_reading_comes_back_as_it_was_given(shared, reading, tables, images):
    probabilities = None if tables is None else table(tables)
    digits = None if images is None else pictures(images)
    kept = shared.add(reading, "photo", probabilities, digits)
    for entry in (kept, shared.get(kept.id)):
        assert entry.reading == reading
        assert entry.source == "photo"
        assert (entry.probabilities is None) == (probabilities is None)
        assert (entry.digits is None) == (digits is None)
        if probabilities is not None:
            assert entry.probabilities.dtype == np.float32
            np.testing.assert_array_equal(entry.probabilities, probabilities)
        if digits is not None:
            np.testing.assert_array_equal(entry.digits, digits)


def test_an_entry_knows_when_and_by_which_model_it_was_made(tmp_path):
    clock = Clock(is_right=False, boot="a-boot", uptime_s=12.5)
    with Journal(tmp_path / "j.db", model_sha256="ab" * 32, clock=clock) as journal:
        entry = journal.get(journal.add(accepted(), "write").id)
    assert entry.taken_at == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert not entry.clock_is_right
    assert (entry.boot_id, entry.uptime_s) == ("a-boot", 12.5)
    assert entry.model_sha256 == "ab" * 32
    assert re.fullmatch("[0-9a-f]{32}", entry.id)


def test_a_file_name_that_is_no_text_can_be_kept(journal):
    entry = journal.add(replace(doubtful(), source="a\udcff.jpg"), "photo")
    assert entry.reading.source == "a\\udcff.jpg"


def test_the_journal_is_there_again_after_it_was_closed(tmp_path):
    with Journal(tmp_path / "deep" / "j.db") as journal:
        first = journal.add(accepted(), "write", table())
    with Journal(tmp_path / "deep" / "j.db") as journal:
        assert journal.notice is None
        assert journal.problem is None
        again = journal.get(first.id)
        assert again.reading == first.reading
        assert journal.add(accepted(), "write").number == first.number + 1


def test_images_are_kept_only_where_the_setting_allows(tmp_path):
    with Journal(tmp_path / "j.db") as journal:
        entry = journal.add(doubtful(), "camera", table(), pictures())
        assert entry.digits is None
        assert journal.correct(entry.id, "67381", pictures()).digits is None
    with Journal(tmp_path / "j.db", keep_images=True) as journal:
        assert journal.get(entry.id).digits is None


def test_images_of_accepted_readings_go_when_many_have_come_after(tmp_path, monkeypatch):
    monkeypatch.setattr("edge.journal.journal._RECENT", 3)
    with Journal(tmp_path / "j.db", keep_images=True) as journal:
        sure, corrected, unsure = (
            journal.add(reading, "camera", None, pictures())
            for reading in (accepted(), accepted(), doubtful())
        )
        journal.correct(corrected.id, "11111")
        for _ in range(3):
            journal.add(accepted("22222"), "camera", None, pictures())
        kept = {entry.number for entry in journal.entries() if entry.digits is not None}
    assert kept == {corrected.number, unsure.number, 4, 5, 6}
    assert sure.number not in kept


def test_a_correction_is_the_postcode_from_then_on(journal):
    entry = journal.add(doubtful("67381"), "camera", table())
    assert entry.postcode is None
    corrected = journal.correct(entry.id, "67387")
    assert corrected.postcode == corrected.corrected == "67387"
    assert corrected.corrected_at is not None
    assert corrected.reading == entry.reading
    assert journal.get(entry.id).postcode == "67387"


def test_a_correction_can_be_taken_back(journal):
    entry = journal.add(accepted("04524"), "camera")
    journal.correct(entry.id, "04525")
    back = journal.correct(entry.id, None)
    assert (back.postcode, back.corrected, back.corrected_at) == ("04524", None, None)
    assert journal.get(entry.id).postcode == "04524"


@pytest.mark.parametrize("word", ["1234", "123456", "1234a", "", "１２３４５", "12345\n"])
def test_a_correction_is_five_digits(journal, word):
    entry = journal.add(accepted(), "camera")
    with pytest.raises(InputError, match="five digits"):
        journal.correct(entry.id, word)
    assert journal.get(entry.id).corrected is None


def test_what_is_not_there_can_not_be_corrected(journal):
    with pytest.raises(UnknownReadingError, match="no such reading"):
        journal.correct("0" * 32, "12345")
    assert journal.get("0" * 32) is None
    assert journal.problem is None
    journal.add(accepted(), "write")


def test_entries_are_the_newest_first_page_by_page(journal):
    for number in range(10):
        journal.add(accepted(f"{number:05}"), "write")
    first = journal.entries(limit=4)
    second = journal.entries(limit=4, before=first[-1].number)
    third = journal.entries(limit=4, before=second[-1].number)
    numbers = [entry.number for entry in (*first, *second, *third)]
    assert numbers == list(range(10, 0, -1))


def test_entries_are_found_by_what_is_shown(journal):
    journal.add(accepted("04524", "서울특별시 / Seoul"), "write")
    wrong = journal.add(accepted("11111"), "write")
    journal.correct(wrong.id, "45245")
    journal.add(doubtful("67381"), "photo")
    assert postcodes(journal.entries(query="452")) == ["11111", "04524"]
    assert postcodes(journal.entries(query="seoul")) == ["04524"]
    assert postcodes(journal.entries(query="서울")) == ["04524"]
    assert postcodes(journal.entries(query="A.jpg")) == ["67381"]
    # No wildcards, and no text across two columns.
    for nothing in ("%", "_", "1111145245", "' OR 1 --"):
        assert journal.entries(query=nothing) == []


@given(
    st.none() | st.dates(),
    st.text(st.characters(exclude_categories=()), max_size=8),
    st.booleans(),
    st.none() | st.integers(),
    st.integers(),
)
def test_whatever_is_asked_for_is_answered(shared, day, query, doubtful, before, limit):
    found = shared.entries(day=day, query=query, doubtful=doubtful, before=before, limit=limit)
    assert len(found) <= max(0, limit)
    assert before is None or all(entry.number < before for entry in found)


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_whatever_the_id_it_is_known_or_not(shared, id):
    assert shared.get(id) is None
    with pytest.raises(UnknownReadingError):
        shared.correct(id, "12345")


def test_doubtful_are_those_not_accepted_and_not_corrected(journal):
    journal.add(accepted(), "write")
    seen = journal.add(doubtful("11111"), "camera")
    open_ = journal.add(doubtful("22222"), "camera")
    journal.correct(seen.id, "11117")
    assert [entry.id for entry in journal.entries(doubtful=True)] == [open_.id]


def test_a_day_is_one_where_the_machine_stands(tmp_path, monkeypatch):
    clock = Clock(wall_us=NOON_US)
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    try:
        with Journal(tmp_path / "j.db", clock=clock) as journal:
            # 21:00 in Seoul; four hours later it is the next day there, and not yet in UTC.
            journal.add(accepted("11111"), "write")
            clock.pass_s(4 * 3600)
            journal.add(accepted("22222"), "write")
            assert postcodes(journal.entries(day=date(2026, 11, 24))) == ["11111"]
            assert postcodes(journal.entries(day=date(2026, 11, 25))) == ["22222"]
            assert journal.entries(day=date(2026, 11, 23)) == []
    finally:
        monkeypatch.undo()
        time.tzset()


def test_every_reading_is_of_one_day(journal):
    for _ in range(3):
        journal.add(accepted(), "write")
    today = datetime.now().date()
    days = [today + timedelta(days=i) for i in (-1, 0, 1)]
    assert sum(len(journal.entries(day=day)) for day in days) == 3


def test_reviewed_are_the_corrected_ones_with_their_images(tmp_path, monkeypatch):
    monkeypatch.setattr("edge.journal.journal._AT_A_TIME", 2)
    with Journal(tmp_path / "j.db", keep_images=True) as journal:
        kept = [journal.add(doubtful(), "camera", table(i), pictures(i)) for i in range(7)]
        without = journal.add(doubtful(), "camera", table())
        for entry in (*kept[1:], without):
            journal.correct(entry.id, "54321")
        reviewed = list(journal.reviewed())
    assert [entry.id for entry in reviewed] == [entry.id for entry in kept[1:]]
    for i, entry in enumerate(reviewed, 1):
        np.testing.assert_array_equal(entry.digits, pictures(i))


def test_an_image_can_be_handed_in_with_the_correction(journal):
    entry = journal.add(accepted(), "camera")
    journal.correct(entry.id, "11111", pictures(3))
    [reviewed] = journal.reviewed()
    np.testing.assert_array_equal(reviewed.digits, pictures(3))


def test_several_threads_add_correct_and_read(journal):
    failures = []

    def work(thread):
        try:
            for i in range(20):
                entry = journal.add(doubtful(f"{thread}{i:04}"), "camera", table(), pictures())
                journal.correct(entry.id, f"{thread}{i:04}")
                assert journal.get(entry.id).corrected == f"{thread}{i:04}"
                assert journal.entries(limit=5)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    entries = journal.entries(limit=1000)
    assert len({entry.id for entry in entries}) == 120
    assert [entry.number for entry in entries] == list(range(120, 0, -1))
    assert all(entry.corrected == entry.reading.guess for entry in entries)


def test_only_one_writes_and_others_may_read(tmp_path):
    path = tmp_path / "j.db"
    with Journal(path) as journal:
        entry = journal.add(accepted(), "write")
        with pytest.raises(JournalError, match="another program writes"):
            Journal(path)
        with Journal(path, read_only=True) as reader:
            assert reader.get(entry.id).reading == entry.reading
            later = journal.add(accepted(), "write")
            assert reader.get(later.id) is not None
            with pytest.raises(JournalError, match="read only"):
                reader.add(accepted(), "write")
        journal.add(accepted(), "write")
    with Journal(path) as journal:
        assert len(journal.entries()) == 3


def test_nothing_is_made_by_who_only_reads(tmp_path):
    with pytest.raises(JournalError, match="can't be used") as caught:
        Journal(tmp_path / "none.db", read_only=True)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_closed_is_closed_and_may_be_closed_again(tmp_path):
    journal = Journal(tmp_path / "j.db")
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.add(accepted(), "write")
    with pytest.raises(JournalError, match="closed"):
        journal.entries()


def test_a_reading_that_can_not_be_a_row_leaves_no_trace(journal):
    with pytest.raises(JournalError):
        journal.add(replace(accepted(), confidence=float("nan")), "write")
    with pytest.raises(ValueError, match="uint8"):
        journal.add(accepted(), "write", None, pictures().astype(float))
    with pytest.raises(ValueError, match=r"\(n, 10\)"):
        journal.add(accepted(), "write", np.ones((5, 9), np.float32))
    assert journal.entries() == []
    assert journal.add(accepted(), "write").number == 1
