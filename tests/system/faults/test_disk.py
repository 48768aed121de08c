"""The disk is full, read-only, or not the kiosk's any more, and then it is again."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from edge.journal import Journal
from tests.disks import Card, fill, remount
from tests.system.faults.kiosk import Kiosk, Page, envelopes, until

pytest.importorskip("fastapi", reason="fastapi is not installed (the extra kiosk)")

# Permissions mean nothing to root; to one who has lost this they do.
WITHOUT_OVERRIDE = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")


def kept(data):
    with Journal(data / "journal.db", read_only=True) as journal:
        return {entry.id: entry for entry in journal.entries(limit=10_000)}


def refuse_to_accept(kiosk, reason):
    """See that a reading is read, and not told as accepted."""
    status, read = kiosk.write()
    assert (status, read["status"], read["reason"]) == (200, "rejected", "not-stored")
    assert read["postcode"] is None
    health_status, health = kiosk.ask("GET", "/health")
    assert (health_status, health["ready"]) == (503, False)
    assert reason in health["journal"]


def told_of_the_store(page, ok):
    """Return what a page is told; that may come after the answer to another request."""
    return until(lambda: [e for e in page.told("store")[-1:] if e["ok"] is ok], f"ok: {ok}")[0]


def recover(kiosk, page):
    """See that it goes on by itself, before anybody writes."""
    until(lambda: kiosk.health()["journal"] is None, "it recovers by itself")
    assert told_of_the_store(page, ok=True)["message"] is None
    return kiosk.write()


def test_on_a_full_disk_nothing_is_accepted_and_space_is_enough(small_disk, tmp_path):
    data = small_disk / "data"
    data.mkdir()
    source = f"replay:{envelopes(tmp_path / 'photos')}?fps=10&hold=0.5"
    with Kiosk(data, source=source, beside=tmp_path / "kiosk") as kiosk, Page(kiosk) as page:
        accepted = {}
        filler = None
        # The log has room left; then SQLite has none.
        for count in range(300):
            status, read = kiosk.write()
            if status != 201:
                break
            accepted[read["id"]] = read["postcode"]
            if count == 3:
                filler = fill(small_disk)
        assert status == 200, "the disk never was full"
        refuse_to_accept(kiosk, "full")
        told_of_the_store(page, ok=False)
        # The camera's are told as they are too.
        seen = until(
            lambda: [r for r in page.told("reading") if r["reason"] == "not-stored"], "not stored"
        )
        assert all(read["postcode"] is None for read in seen)
        # Looking back goes on.
        assert accepted.keys() <= {each["id"] for each in kiosk.readings()}
        lost = kiosk.metric("fivebox_not_stored_total")
        filler.unlink()
        status, read = recover(kiosk, page)
        assert status == 201
        accepted[read["id"]] = read["postcode"]
        assert kiosk.end() == 0
        assert "Traceback" not in kiosk.said
        told = {read["id"]: read["postcode"] for read in page.told("reading") if read["id"]}
    print(f"{len(accepted)} accepted, {lost:.0f} told as not stored")
    assert lost >= 2
    found = kept(data)
    assert {id: found[id].reading.postcode for id in accepted} == accepted
    assert {id: found[id].reading.postcode for id in told} == told


def test_a_disk_that_is_read_only_at_the_start_is_waited_for(small_disk, tmp_path):
    data = small_disk / "data"
    with Kiosk(data, beside=tmp_path / "first") as kiosk:
        first = kiosk.write()[1]
        assert kiosk.end() == 0
    remount(small_disk, "ro")
    with Kiosk(data, beside=tmp_path / "second") as kiosk, Page(kiosk) as page:
        refuse_to_accept(kiosk, "read-only")
        remount(small_disk, "rw")
        status, second = recover(kiosk, page)
        assert status == 201
        assert kiosk.end() == 0
        assert "Traceback" not in kiosk.said
    assert kept(data).keys() == {first["id"], second["id"]}


def test_a_disk_that_turns_read_only_under_it_costs_no_crash_and_mended_is_enough(tmp_path):
    source = f"replay:{envelopes(tmp_path / 'photos')}?fps=10&hold=0.5"
    with Card(tmp_path / "card", tmp_path / "card.img") as card:
        data = card.folder / "data"
        accepted = {}
        with Kiosk(data, source=source, beside=tmp_path / "kiosk") as kiosk, Page(kiosk) as page:
            for round in range(2):
                status, read = kiosk.write() if round == 0 else recover(kiosk, page)
                assert status == 201
                accepted[read["id"]] = read["postcode"]
                card.fail()
                refuse_to_accept(kiosk, "can't be used")
                # The first failure may be called an error; trying again by itself, it knows why.
                until(
                    lambda: "read-only" in kiosk.health()["journal"],
                    "it says that it can't be written to",
                )
                told_of_the_store(page, ok=False)
                # Looking back is not possible on every kernel, and never a crash.
                assert kiosk.ask("GET", "/api/v1/readings")[0] in (200, 503)
                card.mend()
            status, read = recover(kiosk, page)
            assert status == 201
            accepted[read["id"]] = read["postcode"]
            assert kiosk.end() == 0
            assert "Traceback" not in kiosk.said
            told = {read["id"]: read["postcode"] for read in page.told("reading") if read["id"]}
        found = kept(data)
    print(f"{len(accepted)} written and {len(told)} told as accepted, all of them kept")
    assert {id: found[id].reading.postcode for id in accepted} == accepted
    assert {id: found[id].reading.postcode for id in told} == told


def heeding_permissions():
    """Return the words before a command that make permissions mean something to it."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("permissions mean nothing to root, and setpriv is missing")
    if subprocess.run([*WITHOUT_OVERRIDE, "true"], capture_output=True).returncode:
        pytest.skip("permissions mean nothing to root, and setpriv may not change that here")
    return WITHOUT_OVERRIDE


def test_permission_taken_away_costs_no_crash_and_given_back_is_enough(tmp_path):
    prefix = heeding_permissions()
    data = tmp_path / "data"
    with Kiosk(data, prefix=prefix) as kiosk:
        first = kiosk.write()[1]
        assert kiosk.end() == 0
    (data / "journal.db").chmod(0o400)
    data.chmod(0o500)
    with Kiosk(data, prefix=prefix) as kiosk, Page(kiosk) as page:
        refuse_to_accept(kiosk, "permissions")
        data.chmod(0o700)
        (data / "journal.db").chmod(0o600)
        status, second = recover(kiosk, page)
        assert status == 201
        # Taken away while it runs, it keeps what it has open.
        data.chmod(0o500)
        status, third = kiosk.write()
        assert status == 201 or third["reason"] == "not-stored"
        data.chmod(0o700)
        assert kiosk.end() == 0
        assert "Traceback" not in kiosk.said
    stored = {first["id"], second["id"]} | ({third["id"]} if status == 201 else set())
    assert kept(data).keys() == stored


def test_a_journal_that_is_taken_away_under_it_is_begun_anew(tmp_path):
    data = tmp_path / "data"
    with Kiosk(data) as kiosk:
        first = kiosk.write()[1]
        data.rename(tmp_path / "elsewhere")
        status, second = kiosk.write()
        assert status == 201
        assert [each["id"] for each in kiosk.readings()] == [second["id"]]
        assert kiosk.end() == 0
    assert kept(tmp_path / "elsewhere").keys() == {first["id"]}
    assert kept(data).keys() == {second["id"]}
