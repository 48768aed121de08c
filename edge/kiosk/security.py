"""Who may ask: by which name, from which page, with which token; and what a browser is told."""

from __future__ import annotations

import hmac
import ipaddress
import socket
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.kiosk.problems import respond

COOKIE = "fivebox_token"
# A year; the token itself ends it earlier.
_COOKIE_S = 365 * 24 * 3600

HEADERS = {
    # Nothing from elsewhere, nothing written into the page; pictures may be data.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Else any page could show what the camera sees.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_READS = ("GET", "HEAD", "OPTIONS")


def own_names() -> tuple[str, ...]:
    """Return the names by which other machines know this one."""
    name = socket.gethostname().lower()
    return (name, f"{name}.local") if "." not in name else (name,)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a server bound to an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Security:
    """ASGI middleware that lets in who may ask, and adds headers to every answer.

    A page from elsewhere can make a browser ask a server it can reach, even one that is bound
    to 127.0.0.1. So a request must call the server by an address or a name of its own, which
    after a DNS rebinding it doesn't, and one that changes something must come from a page of
    the server itself.

    Args:
        app: behind it.
        names: by which the server may be called, beside its addresses and `localhost`.
        token: demanded of every request; None demands none.
    """

    def __init__(self, app: ASGIApp, names: tuple[str, ...], token: str | None) -> None:
        self.app, self.token = app, token
        self._names = {"localhost", *(name.lower().rstrip(".") for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                # Of the page's files a browser asks whether they have changed; what was read
                # stays in no cache.
                is_file = scope["path"].startswith("/static/")
                headers.setdefault("Cache-Control", "no-cache" if is_file else "no-store")
            await send(message)

        answer = self._refusal(scope)
        await (answer or self.app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_own(host):
            return respond(
                403, "this kiosk isn't called by that name; use its address, or its own name"
            )
        if scope["method"] not in _READS and not _from_here(headers, host):
            return respond(403, "the request came from another site's page")
        return self._token_refusal(scope, headers)

    def _token_refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if self.token is None:
            return None
        if scope["method"] == "GET" and scope["path"] == "/":
            given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
            if given and self._is_token(given[0]):
                return _welcome(given[0])
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(bearer.strip()):
            return None
        if self._is_token(cookie_parser(headers.get("cookie", "")).get(COOKIE, "")):
            return None
        return respond(
            401,
            "a token is needed: open /?token=… once in this browser, or send it as "
            "Authorization: Bearer …",
            {"WWW-Authenticate": "Bearer"},
        )

    def _is_own(self, host: str) -> bool:
        if any(each in host for each in "@/?#\\"):
            return False
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        if not name:
            return False
        try:
            # No name server gives another meaning to an address.
            ipaddress.ip_address(name)
        except ValueError:
            return name.rstrip(".") in self._names
        return True

    def _is_token(self, given: str) -> bool:
        # The time it takes tells nothing of where they differ.
        return self.token is not None and hmac.compare_digest(
            given.encode("utf-8", "replace"), self.token.encode()
        )


def _from_here(headers: Headers, host: str) -> bool:
    """Tell whether a request comes from a page of this server, or from no page at all."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or _place_of(origin) == host.lower()


def _place_of(origin: str) -> str | None:
    """Return host and port of an origin as `Host` writes them; None where there is none."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _welcome(token: str) -> Response:
    """Send a browser to the page, with the token kept where no script can read it."""
    answer = Response(status_code=303, headers={"Location": "/", "Cache-Control": "no-store"})
    answer.set_cookie(COOKIE, token, max_age=_COOKIE_S, httponly=True, samesite="strict")
    return answer
