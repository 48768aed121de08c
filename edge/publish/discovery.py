"""How Home Assistant learns of the kiosk: a retained message for each thing it can show.

The form is that of https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_PREFIX = "homeassistant"
# What it may show: a name for people, an icon, a unit, and how it is taken from the message.
_SENSORS = (
    (
        "postcode",
        "Postcode",
        "mdi:mailbox",
        None,
        "{{ value_json.corrected or value_json.postcode or 'unknown' }}",
    ),
    ("status", "Status", "mdi:check-decagram", None, "{{ value_json.status }}"),
    (
        "confidence",
        "Confidence",
        "mdi:percent",
        "%",
        "{{ (100 * value_json.confidence) | round(1) }}",
    ),
)


def announcements(
    kiosk: str, readings_topic: str, status_topic: str, version: str
) -> Iterator[tuple[str, bytes]]:
    """Yield topic and payload of each message that announces a sensor; to be retained.

    Args:
        kiosk: the kiosk's name.
        readings_topic: where readings are published.
        status_topic: where `online` and `offline` are.
        version: of fivebox.
    """
    node = "fivebox_" + re.sub(r"[^A-Za-z0-9_-]", "_", kiosk)
    device = {
        "identifiers": [node],
        "name": f"fivebox {kiosk}",
        "manufacturer": "fivebox",
        "model": "postcode reader",
        "sw_version": version,
    }
    for key, name, icon, unit, template in _SENSORS:
        config = {
            "name": name,
            "unique_id": f"{node}_{key}",
            "state_topic": readings_topic,
            "value_template": template,
            "availability_topic": status_topic,
            "icon": icon,
            "device": device,
        }
        if unit:
            config["unit_of_measurement"] = unit
        if key == "postcode":
            config["json_attributes_topic"] = readings_topic
        yield f"{_PREFIX}/sensor/{node}/{key}/config", json.dumps(config).encode()
