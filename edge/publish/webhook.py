"""An HTTPS address: each reading as a signed POST that a receiver can tell from its repetition."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import ssl
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from edge.errors import PublishError, RefusedError
from edge.journal import Event
from edge.publish.message import message

# Answers that a repetition would not change.
_REFUSALS = (400, 413, 415, 422)
# Of an answer's body more is not read; the connection ends instead.
_MOST_ANSWER = 65_536


class WebhookReceiver:
    """Posts each event.

    Headers: `Idempotency-Key`, the event's id, the same each time; `X-Fivebox-Timestamp`, seconds
    since 1970 when it was sent; `X-Fivebox-Signature`, see `signature`. Any answer from 200 to
    299 counts as arrived.

    Args:
        url: `https://…`, or `http://…` of this machine.
        kiosk: the kiosk's name.
        secret: shared with the receiver; None sends without a signature.
        ca_file: certificates that the receiver's is checked by; None takes the system's.
        timeout_s: a receiver that keeps silent for longer has failed, seconds.

    Raises:
        PublishError: the address can't be used.
    """

    name = "webhook"

    def __init__(
        self,
        url: str,
        kiosk: str,
        secret: str | None = None,
        ca_file: Path | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        parts = urlsplit(url)
        is_usable = parts.scheme == "https" or (
            parts.scheme == "http" and _is_here(parts.hostname or "")
        )
        if not parts.hostname or not is_usable:
            raise PublishError(
                f"webhook {url}: readings are sent to https:// addresses only, or to http:// of "
                "this machine; choose one"
            )
        self._host, self._port = parts.hostname, parts.port
        self._is_encrypted = parts.scheme == "https"
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        # A secret may be in the query.
        self._where = f"webhook {parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._kiosk, self._secret, self._timeout_s = kiosk, secret, timeout_s
        self._ca_file = ca_file
        self._connection: http.client.HTTPConnection | None = None

    def keep_up(self) -> None:
        """Do nothing: a connection is made when there is something to send."""

    def send(self, events: Sequence[Event]) -> Iterator[int]:
        """Post events one after another, and yield the number of each that has arrived.

        Raises:
            RefusedError: the receiver says that it will never take the next one.
            PublishError: it did not take it now; `wait_s` is how long it asks to wait.
        """
        for event in events:
            self._check(*self._post(event))
            yield event.number

    def close(self) -> None:
        """Close the connection; may be called again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, event: Event) -> tuple[int, str | None]:
        """Post an event, and return the answer's status and its `Retry-After`."""
        body = message(event, self._kiosk)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": event.id,
            "User-Agent": "fivebox",
        }
        is_fresh = self._connection is None
        try:
            return self._ask(body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
            self.close()
            if is_fresh:
                raise self._unreached(error) from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._unreached(error) from error
        try:
            # A connection that was kept open may have ended meanwhile.
            return self._ask(body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._unreached(error) from error

    def _ask(self, body: bytes, headers: dict[str, str]) -> tuple[int, str | None]:
        connection = self._connection = self._connection or self._connected()
        if self._secret is not None:
            timestamp = str(int(time.time()))
            signed = signature(self._secret, timestamp, body)
            headers = {
                **headers,
                "X-Fivebox-Timestamp": timestamp,
                "X-Fivebox-Signature": signed,
            }
        connection.request("POST", self._target, body, headers)
        answer = connection.getresponse()
        answer.read(_MOST_ANSWER)
        if not answer.isclosed():
            self.close()
        return answer.status, answer.getheader("Retry-After")

    def _connected(self) -> http.client.HTTPConnection:
        if not self._is_encrypted:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        context = ssl.create_default_context(
            cafile=None if self._ca_file is None else str(self._ca_file)
        )
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=self._timeout_s, context=context
        )

    def _check(self, status: int, retry_after: str | None) -> None:
        if 200 <= status < 300:
            return
        if status in _REFUSALS:
            raise RefusedError(f"{self._where}: the reading is refused (status {status})")
        if 300 <= status < 400:
            what = "it has moved; set its new address"
        elif status in (401, 403):
            what = "it doesn't let the kiosk in; check the address and the secret"
        else:
            what = "it can't take readings now"
        error = PublishError(f"{self._where}: {what} (status {status})")
        with contextlib.suppress(TypeError, ValueError):
            error.wait_s = max(0.0, float(int(retry_after)))  # type: ignore[arg-type]
        raise error

    def _unreached(self, error: Exception) -> PublishError:
        if isinstance(error, ssl.SSLCertVerificationError):
            return PublishError(
                f"{self._where}: its certificate can't be trusted ({error.verify_message})"
            )
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return PublishError(f"{self._where}: can't be reached ({why})")


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what proves who sent a body, and when: `sha256=` and an HMAC-SHA-256 in hex.

    It is taken over the timestamp, a full stop and the body, keyed with the secret (RFC 2104).
    """
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
