"""`/docs`: the OpenAPI document as a page to read, without a script and from here alone."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def get_docs(request: Request) -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(render(request.app.openapi()))


def document(app: FastAPI, *models: type[BaseModel]) -> None:
    """Let an application's OpenAPI document know models that no route names by itself."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title, version=app.version, summary=app.summary, routes=app.routes
            )
            known = made.setdefault("components", {}).setdefault("schemas", {})
            for model in models:
                known[model.__name__] = model.model_json_schema()
            _without_validation(made)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def render(document: dict[str, Any]) -> str:
    """Return an OpenAPI document as HTML."""
    info = document["info"]
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(info['title'])}: API</title></head><body>",
        f"<h1>{escape(info['title'])} {escape(info['version'])}: API</h1>",
        f"<p>{escape(info.get('summary', ''))} The same for programs: "
        '<a href="/openapi.json">/openapi.json</a>.</p>',
    ]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts += _operation(path, method, operation)
    parts.append("<h2>Forms</h2>")
    for name, schema in sorted(document["components"]["schemas"].items()):
        parts += _form(name, schema)
    return "\n".join([*parts, "</body></html>", ""])


def _operation(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    parts = [
        f"<h2>{method.upper()} {escape(path)}</h2>",
        f"<p><strong>{escape(operation.get('summary', ''))}.</strong> "
        f"{escape(operation.get('description', ''))}</p>",
    ]
    if parameters := operation.get("parameters"):
        parts.append("<h3>Parameters</h3><dl>")
        for each in parameters:
            kind = _kind(each["schema"])
            parts.append(
                f"<dt><code>{escape(each['name'])}</code> ({each['in']}, {escape(kind)})</dt>"
                f"<dd>{escape(each.get('description', ''))}</dd>"
            )
        parts.append("</dl>")
    if body := operation.get("requestBody"):
        kinds = ", ".join(f"<code>{escape(kind)}</code>" for kind in body["content"])
        parts.append(f"<p>Body: {kinds}</p>")
    parts.append("<h3>Answers</h3><dl>")
    for status, answer in operation["responses"].items():
        forms = ", ".join(_answer(kind, each) for kind, each in answer.get("content", {}).items())
        parts.append(
            f"<dt><code>{escape(str(status))}</code> {forms}</dt>"
            f"<dd>{escape(answer['description'])}</dd>"
        )
    return [*parts, "</dl>"]


def _answer(kind: str, content: dict[str, Any]) -> str:
    form = _kind(content["schema"]) if content.get("schema") else ""
    return f"{escape(kind)} {escape(form)}".rstrip()


def _form(name: str, schema: dict[str, Any]) -> list[str]:
    parts = [f'<h3 id="{escape(name)}">{escape(name)}</h3>']
    if described := schema.get("description"):
        parts.append(f"<p>{escape(described)}</p>")
    parts.append("<dl>")
    for field, value in schema.get("properties", {}).items():
        about = escape(value.get("description", ""))
        parts.append(
            f"<dt><code>{escape(field)}</code> ({escape(_kind(value))})</dt><dd>{about}</dd>"
        )
    return [*parts, "</dl>"]


def _kind(schema: dict[str, Any]) -> str:
    """Return the type that a schema asks for, in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(str(each) for each in schema["enum"])
    if schema.get("type") == "array" and "items" in schema:
        return f"list of {_kind(schema['items'])}"
    return str(schema.get("format") or schema.get("type") or "anything")


def _without_validation(document: dict[str, Any]) -> None:
    """Take FastAPI's own form of a 422 out: here it is a problem as all others are."""
    for methods in document["paths"].values():
        for operation in methods.values():
            answers = operation["responses"]
            if "application/json" in answers.get("422", {}).get("content", {}):
                del answers["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
