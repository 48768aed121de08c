from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from edge.kiosk import schemas
from edge.kiosk.settings import Settings
from tests.edge.kiosk.conftest import HERE, FakeLive

API = "/api/v1"


def test_the_page_and_its_files_are_served(client):
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    again = client.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert client.get("/static/index.html").content == page.content
    assert again.headers["etag"] == page.headers["etag"]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/static/nowhere.js", "/static/../app.py", "/static/%2e%2e/app.py", "/api"]
)
def test_what_is_not_there_is_a_problem(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    schemas.Problem.model_validate(answer.json())


def test_a_method_that_is_not_for_an_address_is_a_problem(client):
    answer = client.delete(f"{API}/readings")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.headers["allow"].split(", ")) <= {"GET", "POST"}


def test_a_fault_of_ours_is_told_without_its_inside(make_app, monkeypatch):
    app = make_app()

    def fault(*_args, **_more):
        raise ZeroDivisionError("the secret inside")

    monkeypatch.setattr(app.state.kiosk.journal, "entries", fault)
    with TestClient(app, base_url=HERE, raise_server_exceptions=False) as client:
        answer = client.get(f"{API}/readings")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_the_page_is_told_how_the_kiosk_is_set(make_app):
    settings = Settings(language="ko", sound=False, rest_ms=500, directory="kr")
    with TestClient(make_app(settings, FakeLive), base_url=HERE) as client:
        found = schemas.Settings.model_validate(client.get(f"{API}/settings").json())
    assert (found.language, found.sound, found.camera) == ("ko", False, True)
    assert (found.rest_ms, found.directory) == (500, "kr")
    assert found.model.name == "postcode.tflite"
    assert len(found.model.sha256) == 64
    assert 0 < found.model.threshold < 1


def test_the_camera_is_started_and_let_go(make_app):
    app = make_app(make_live=FakeLive)
    camera = app.state.kiosk.live
    assert not camera.is_running
    with TestClient(app, base_url=HERE):
        assert camera.is_running
    assert not camera.is_running


def test_a_camera_that_can_not_be_started_is_let_go_all_the_same(make_app):
    class Broken(FakeLive):
        def start(self):
            super().start()
            raise OSError("no threads left")

    app = make_app(make_live=Broken)
    with pytest.raises(OSError, match="no threads"), TestClient(app, base_url=HERE):
        pass
    assert not app.state.kiosk.live.is_running


def test_the_documentation_is_a_page_of_its_own_without_scripts(client):
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in answer.text


def test_every_answer_is_documented_in_the_openapi_document(client):
    document = client.get("/openapi.json").json()
    schemas_told = document["components"]["schemas"]
    assert "HTTPValidationError" not in schemas_told
    assert {"Reading", "Readings", "Digits", "Settings", "Health", "Problem"} <= set(schemas_told)
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                assert answer["description"]
                if status.startswith("4"):
                    assert list(answer["content"]) == ["application/problem+json"]
