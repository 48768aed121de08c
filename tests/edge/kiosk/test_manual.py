from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from edge.kiosk.manual import render

VOID = {"meta"}


class Tags(HTMLParser):
    """Sees whether every tag that is opened is closed, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parsed(text):
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert tags.open == []
    return tags


def document(text):
    return {
        "info": {"title": text, "version": text, "summary": text},
        "paths": {
            f"/{text}": {
                "get": {
                    "summary": text,
                    "description": text,
                    "parameters": [
                        {
                            "name": text,
                            "in": "query",
                            "description": text,
                            "schema": {"enum": [text]},
                        }
                    ],
                    "requestBody": {"content": {text: {}}},
                    "responses": {
                        "200": {
                            "description": text,
                            "content": {text: {"schema": {"$ref": f"#/components/schemas/{text}"}}},
                        }
                    },
                }
            }
        },
        "components": {
            "schemas": {
                text: {
                    "description": text,
                    "properties": {
                        text: {"anyOf": [{"type": "array", "items": {}}, {"type": "null"}]}
                    },
                }
            }
        },
    }


@given(st.text(max_size=20))
def test_no_text_of_the_document_becomes_markup(text):
    assert parsed(render(document(text))).seen <= {
        "html", "head", "meta", "title", "body", "h1", "h2", "h3", "p", "strong", "a", "dl", "dt",
        "dd", "code",
    }  # fmt: skip


def test_the_page_of_the_kiosks_own_document_is_whole(client):
    text = " ".join(parsed(client.get("/docs").text).text)
    for word in ("POST /api/v1/readings", "image/jpeg", "application/problem+json", "keep"):
        assert word in text
    assert "list of Digit" in text
