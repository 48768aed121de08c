"""What is sent of an event, the same to every receiver and each time."""

from __future__ import annotations

import json

from edge.journal import Event


def message(event: Event, kiosk: str) -> bytes:
    """Return one JSON object, UTF-8.

    Args:
        event: from the outbox.
        kiosk: the kiosk's name.

    Returns:
        The journal's payload (the reading's JSON line, `id`, `number`, `event`, `taken_at`,
        `kind`, `corrected` …) with `event_id`, by which a receiver tells what it has already,
        `event_number`, which rises, and `kiosk` before it.
    """
    head = {"event_id": event.id, "event_number": event.number, "kiosk": kiosk}
    return json.dumps({**head, **json.loads(event.payload)}, ensure_ascii=False).encode()
