"""Every route of the document is asked strange things, and no answer is a fault of ours."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from edge import Recognizer
from edge.journal import Journal
from edge.kiosk.app import create_app
from edge.kiosk.settings import Settings
from edge.kiosk.uploads import IMAGES
from tests.edge.kiosk.served import serving

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: E402

# Streams have no end to wait for: `test_streams` asks them.
STREAMS = {("/api/v1/events", "get"), ("/api/v1/preview", "get")}
ROUTES = [
    ("/api/v1/readings", "post"),
    ("/api/v1/readings", "get"),
    ("/api/v1/readings.csv", "get"),
    ("/api/v1/readings/{id}", "get"),
    ("/api/v1/readings/{id}", "patch"),
    ("/api/v1/readings/{id}/digits", "get"),
    ("/api/v1/settings", "get"),
    ("/health", "get"),
    ("/metrics", "get"),
]


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    path = tmp_path_factory.mktemp("openapi") / "journal.db"
    with (
        Journal(path) as journal,
        serving(create_app(Settings(), Recognizer(), journal)) as served,
    ):
        yield schemathesis.openapi.from_url(f"http://127.0.0.1:{served.port}/openapi.json")


def test_these_are_all_routes(schema):
    told = {
        (path, method) for path, methods in schema.raw_schema["paths"].items() for method in methods
    }
    assert told == {*ROUTES, *STREAMS}


@pytest.mark.parametrize(("path", "method"), ROUTES)
def test_no_question_is_answered_with_a_fault(schema, path, method):
    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(schema[path][method].as_strategy())
    def ask(case):
        # Also that status, type and body of the answer are those of the document. Of a body
        # of bytes no schema can say that it must be an image.
        unsaid = [positive_data_acceptance] if case.media_type in IMAGES else []
        case.call_and_validate(excluded_checks=unsaid)

    ask()
