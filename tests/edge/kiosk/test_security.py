from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from edge.kiosk import security
from edge.kiosk.security import COOKIE, is_loopback, own_names
from edge.kiosk.settings import Settings
from tests.edge.drawing import recording
from tests.edge.kiosk.conftest import HERE

API = "/api/v1/readings"
TOKEN = "a-token-that-is-long-enough"


@pytest.fixture
def guarded(make_app):
    app = make_app(Settings(token=TOKEN, names=("kiosk", "kiosk.local")))
    with TestClient(app, base_url=HERE) as client:
        yield client


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8080", "localhost", "LOCALHOST:8080", "localhost.:1", "[::1]:8080", "10.0.0.7"],
)
def test_it_is_called_by_an_address_or_as_localhost(client, host):
    assert client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::1", "@127.0.0.1",
     "kiosk.local", "evil.example@", "0x7f.1"],
)  # fmt: skip
def test_a_name_that_is_not_its_own_is_refused(client, host):
    answer = client.get("/health", headers={"Host": host})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


def test_it_may_be_called_by_its_own_names(guarded):
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    for host in ("kiosk", "KIOSK.local:8080"):
        assert guarded.get("/health", headers={"Host": host, **bearer}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_changes_nothing(client, journal, headers):
    answer = client.post(API, json=recording("04524"), headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert journal.entries() == []
    # Looking is another thing: what comes back, no other page is shown.
    answer = client.get(API, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("headers", [{}, {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}])
def test_its_own_page_and_a_program_may_write(client, headers):
    answer = client.post(API, json=recording("04524"), headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize("path", ["/", "/static/index.html", API, "/health", "/nowhere", "/docs"])
def test_every_answer_has_the_headers_that_protect_a_page(client, path):
    headers = client.get(path).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"


def test_what_was_read_stays_in_no_cache(client):
    assert client.get(API).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", API, "/health", "/metrics", "/static/index.html", "/docs"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer \xe9".encode("latin-1")},
        {"Cookie": f"{COOKIE}=wrong"},
        {"Cookie": f"other={TOKEN}"},
    ],
)
def test_without_the_token_nothing_is_told(guarded, path, headers):
    answer = guarded.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["status"] == 401


def test_the_token_lets_a_program_in(guarded):
    for scheme in ("Bearer", "bearer"):
        answer = guarded.get(API, headers={"Authorization": f"{scheme} {TOKEN}"})
        assert answer.status_code == 200


def test_opened_once_with_the_token_a_browser_keeps_it_out_of_sight(guarded):
    answer = guarded.get("/", params={"token": TOKEN}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert guarded.get(API).status_code == 200
    assert guarded.post(API, json=recording("04524")).status_code == 201


def test_a_wrong_token_in_the_address_gives_no_cookie(guarded):
    answer = guarded.get("/", params={"token": "wrong"}, follow_redirects=False)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    # Only the page itself takes it: addresses are written into logs.
    assert guarded.get(API, params={"token": TOKEN}).status_code == 401


def test_tokens_are_compared_in_constant_time(guarded, monkeypatch):
    compared = []
    monkeypatch.setattr(
        security.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or a == b
    )
    guarded.get(API, headers={"Authorization": f"Bearer {TOKEN}"})
    assert compared == [(TOKEN.encode(), TOKEN.encode())]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LocalHost"])
def test_addresses_that_only_this_machine_reaches(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "kiosk.local", ""])
def test_addresses_that_others_reach(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("name", "names"),
    [("Kiosk", ("kiosk", "kiosk.local")), ("kiosk.example.org", ("kiosk.example.org",))],
)
def test_a_machines_own_names(monkeypatch, name, names):
    monkeypatch.setattr(security.socket, "gethostname", lambda: name)
    assert own_names() == names
