from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from edge.errors import JournalError
from edge.journal import Journal
from edge.journal.database import connect
from edge.journal.entry import INSERT, to_row
from edge.journal.schema import VERSION, migrate, version_of
from tests.edge.journal.making import Clock, accepted, doubtful, table


@pytest.fixture
def path(tmp_path):
    return tmp_path / "j.db"


def first_version(path, readings):
    """Make the file that the first version of the schema had."""
    with closing(connect(path)) as connection:
        migrate(connection, "j.db", 1)
        for number, reading in enumerate(readings, 1):
            row = to_row(number, f"{number:032x}", Clock().moment, "write", "", reading, table())
            connection.execute(INSERT, row)


def test_a_file_of_the_first_version_becomes_one_of_today(path):
    readings = [accepted("04524"), doubtful("67381")]
    first_version(path, readings)
    with Journal(path, outbox=True) as journal:
        assert journal.notice is None
        assert [entry.reading for entry in journal.entries()] == readings[::-1]
        assert journal.add(accepted(), "write").number == 3
        journal.correct(f"{1:032x}", "11111")
        assert [event.kind for event in journal.pending()] == ["reading", "correction"]
    with closing(connect(path)) as connection:
        assert version_of(connection) == VERSION


def test_a_step_that_fails_leaves_the_file_as_it_was(path, monkeypatch):
    first_version(path, [accepted()])
    from edge.journal import schema

    broken = (schema.MIGRATIONS[0], (*schema.MIGRATIONS[1], "CREATE TABLE readings (x)"))
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with closing(connect(path)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            migrate(connection, "j.db")
        assert version_of(connection) == 1
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert "outbox" not in {name for (name,) in tables}
    monkeypatch.undo()
    with Journal(path) as journal:
        assert len(journal.entries()) == 1


def test_a_damaged_file_of_the_first_version_is_saved_too(path):
    first_version(path, [accepted(f"{number:05}") for number in range(40)])
    content = bytearray(path.read_bytes())
    # In the list of tables.
    content[3900:4000] = b"\xff" * 100
    path.write_bytes(content)
    with Journal(path) as journal:
        assert "damaged" in journal.notice
        assert len(journal.entries()) == 40


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_file_is_refused_in_a_sentence_and_left_alone(path, read_only):
    with Journal(path) as journal:
        journal.add(accepted(), "write")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(JournalError, match=f"version {VERSION + 1}.*update fivebox") as caught:
        Journal(path, read_only=read_only)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*damaged*"))


def test_another_programs_database_is_refused_and_left_alone(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE places (url TEXT)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="another program's"):
        Journal(path)
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*damaged*"))


def test_a_file_that_was_begun_and_never_written_is_taken(path):
    connect(path).close()
    with Journal(path) as journal:
        journal.add(accepted(), "write")
        assert len(journal.entries()) == 1
