"""The settings: what can be set, in which unit and range, and what holds where nothing is set.

`config_load` reads them from a file, the environment and flags; `config_docs` writes them down.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Rule:
    """What a value must be, beside its type, and what it means."""

    meaning: str
    """One sentence, or two, without the unit."""
    unit: str = ""
    """Of a number; "" where it has none."""
    low: float | None = None
    """The least value; None for no least one."""
    high: float | None = None
    """The greatest value."""
    is_open: bool = False
    """Whether `low` and `high` themselves are out of the range."""
    choices: tuple[str, ...] = ()
    """All values that are allowed; none of them: every text is."""
    pattern: str = ""
    """A regular expression that a text must match as a whole; "" for none."""
    form: str = ""
    """What is asked for, in words that follow "must be"; "" for those of the type."""
    absent: str = ""
    """What happens where the value is none."""
    is_secret: bool = False
    """Whether it is never to be shown."""
    names: tuple[str, ...] = ()
    """Texts that are no path though the value is one."""


@dataclass(frozen=True)
class Key:
    """One setting."""

    table: str
    name: str
    kind: type
    """`bool`, `int`, `float`, `str`, `Path`, or `tuple` for several texts."""
    is_optional: bool
    """Whether it may be none."""
    default: Any
    rule: Rule

    @property
    def full(self) -> str:
        """Table and name, for example `kiosk.port`."""
        return f"{self.table}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that overrides it."""
        return f"FIVEBOX_{self.table}_{self.name}".upper()


def _rule(meaning: str, **rule: Any) -> dict[str, Rule]:
    return {"rule": Rule(meaning, **rule)}


@dataclass(frozen=True)
class Reader:
    """How digits are read."""

    model: Path | None = field(
        default=None, metadata=_rule("The `.tflite` file to read with.", absent="the bundled model")
    )
    directory: Path | None = field(
        default=None,
        metadata=_rule(
            "The postcodes that exist: a file with one of them, or the first digits of some, a "
            "line, or one that is built in: `kr`, `us`, `fr`, `de`.",
            absent="all postcodes exist",
            names=("de", "fr", "kr", "us"),
        ),
    )
    max_error: float | None = field(
        default=None,
        metadata=_rule(
            "Of the accepted postcodes at most this share may be wrong.",
            form="a share",
            low=0,
            high=1,
            is_open=True,
            absent="the model's own threshold, made for 0.01",
        ),
    )
    xnnpack: bool = field(
        default=True,
        metadata=_rule(
            "Whether the runtime computes with XNNPACK, which is faster; `doctor` says on which "
            "boards it has to be switched off."
        ),
    )


@dataclass(frozen=True)
class Camera:
    """Where frames come from, and when the camera has failed."""

    source: str = field(
        default="picamera:0",
        metadata=_rule(
            "`picamera:0`, `webcam:0`, the path of a file, folder or video, an `rtsp:` or `http:` "
            "address, or `replay:DIR`.",
            pattern=r".*\S.*",
            form="a source, for example picamera:0",
        ),
    )
    first_s: float = field(
        default=15.0,
        metadata=_rule(
            "Within so long it must be open and send its first frame.", unit="s", low=0.5, high=120
        ),
    )
    frame_s: float = field(
        default=2.0,
        metadata=_rule("Within so long each further frame must come.", unit="s", low=0.1, high=60),
    )
    least_wait_s: float = field(
        default=0.5,
        metadata=_rule(
            "From the first failure to the next try; each further one doubles it.",
            unit="s",
            low=0.1,
            high=60,
        ),
    )
    most_wait_s: float = field(
        default=8.0, metadata=_rule("Between two tries at most.", unit="s", low=0.1, high=3600)
    )


@dataclass(frozen=True)
class Kiosk:
    """The page and its API."""

    host: str = field(
        default="127.0.0.1",
        metadata=_rule(
            "The address to listen on. Where other machines can reach it a token is demanded.",
            pattern=r"[^\s/]+",
            form="an address or a host's name without a port",
        ),
    )
    port: int = field(
        default=8080,
        metadata=_rule("TCP port to listen on; 0 takes any free one.", low=0, high=65535),
    )
    names: tuple[str, ...] = field(
        default=(),
        metadata=_rule("Host names by which the page may be called, beside the machine's own."),
    )
    token: str | None = field(
        default=None,
        metadata=_rule(
            "What is demanded of everyone who opens the page; better kept in a file.",
            pattern=r"[A-Za-z0-9._~-]{16,}",
            form="at least 16 letters, digits and -._~",
            absent="none is demanded, and only this machine can open the page",
            is_secret=True,
        ),
    )
    token_file: Path | None = field(
        default=None, metadata=_rule("A file that holds the token.", absent="`token` holds")
    )
    language: str = field(
        default="auto",
        metadata=_rule("Of the page; `auto` is the browser's.", choices=("auto", "ko", "en")),
    )
    sound: bool = field(default=True, metadata=_rule("Whether the page makes tones."))
    rest_ms: int = field(
        default=800,
        metadata=_rule(
            "The pen rests for so long before what was written is read.",
            unit="ms",
            low=100,
            high=10_000,
        ),
    )


@dataclass(frozen=True)
class Journal:
    """Where readings are kept, and how many."""

    folder: Path | None = field(
        default=None, metadata=_rule("Where the journal lies.", absent="a folder of the user's own")
    )
    keep_images: bool = field(
        default=False, metadata=_rule("Whether images of doubtful digits are kept.")
    )
    most_days: float = field(
        default=90.0,
        metadata=_rule("Readings are kept for so long.", unit="days", low=1, high=36_500),
    )
    most_mb: float = field(
        default=200.0,
        metadata=_rule(
            "The journal takes up at most so much; the oldest readings go.",
            unit="MB",
            low=1,
            high=1_000_000,
        ),
    )
    most_pending: int = field(
        default=100_000,
        metadata=_rule(
            "Readings that wait to be published, at most.",
            unit="readings",
            low=100,
            high=100_000_000,
        ),
    )


@dataclass(frozen=True)
class Publish:
    """Where readings are sent."""

    kiosk_name: str | None = field(
        default=None,
        metadata=_rule(
            "How the kiosk is called where readings arrive.",
            pattern=r"[A-Za-z0-9._-]{1,64}",
            form="1 to 64 letters, digits and ._-",
            absent="the machine's host name",
        ),
    )
    mqtt_host: str | None = field(
        default=None,
        metadata=_rule(
            "The MQTT broker.",
            pattern=r"[^\s/]+",
            form="an address or a host's name without a port",
            absent="nothing is sent by MQTT",
        ),
    )
    mqtt_port: int = field(default=8883, metadata=_rule("Its TCP port.", low=1, high=65535))
    mqtt_tls: bool = field(default=True, metadata=_rule("Whether the connection is encrypted."))
    mqtt_ca_file: Path | None = field(
        default=None,
        metadata=_rule(
            "Certificates that the broker's is checked by.", absent="those of the system"
        ),
    )
    mqtt_certificate_file: Path | None = field(
        default=None, metadata=_rule("The kiosk's own certificate.", absent="it has none")
    )
    mqtt_key_file: Path | None = field(
        default=None, metadata=_rule("The private key of that certificate.", absent="it has none")
    )
    mqtt_user: str | None = field(
        default=None, metadata=_rule("The kiosk's user at the broker.", absent="it names none")
    )
    mqtt_password: str | None = field(
        default=None,
        metadata=_rule(
            "That user's password; better kept in a file.", absent="none", is_secret=True
        ),
    )
    mqtt_password_file: Path | None = field(
        default=None,
        metadata=_rule("A file that holds the password.", absent="`mqtt_password` holds"),
    )
    mqtt_topic: str = field(
        default="fivebox",
        metadata=_rule(
            "Under which readings and states are published.",
            pattern=r"[^#+\x00/$][^#+\x00]*",
            form="a topic without #, + and a leading / or $",
        ),
    )
    home_assistant: bool = field(
        default=False, metadata=_rule("Whether the kiosk announces itself to Home Assistant.")
    )
    webhook_url: str | None = field(
        default=None,
        metadata=_rule(
            "Each reading is sent there by POST.",
            pattern=r"https?://[^\s/]+\S*",
            form="an address that begins with https:// or http://",
            absent="nothing is sent by webhook",
        ),
    )
    webhook_secret: str | None = field(
        default=None,
        metadata=_rule(
            "What each POST is signed with (HMAC-SHA-256); better kept in a file.",
            absent="they are not signed",
            is_secret=True,
        ),
    )
    webhook_secret_file: Path | None = field(
        default=None,
        metadata=_rule("A file that holds that secret.", absent="`webhook_secret` holds"),
    )


@dataclass(frozen=True)
class Config:
    """All settings, a table each."""

    reader: Reader = Reader()
    camera: Camera = Camera()
    kiosk: Kiosk = Kiosk()
    journal: Journal = Journal()
    publish: Publish = Publish()

    def get(self, key: Key) -> Any:
        """Return a setting's value."""
        return getattr(getattr(self, key.table), key.name)


TABLES: dict[str, type[Any]] = {
    "reader": Reader,
    "camera": Camera,
    "kiosk": Kiosk,
    "journal": Journal,
    "publish": Publish,
}


def keys() -> Iterator[Key]:
    """Yield every setting, in the order of `Config`."""
    for table, made in TABLES.items():
        types = typing.get_type_hints(made)
        for each in fields(made):
            kind = types[each.name]
            parts = typing.get_args(kind)
            is_optional = type(None) in parts
            if is_optional:
                kind = next(part for part in parts if part is not type(None))
            kind = typing.get_origin(kind) or kind
            yield Key(table, each.name, kind, is_optional, each.default, each.metadata["rule"])


def contradictions(config: Config) -> Iterator[str]:
    """Yield what can't hold at the same time, a sentence each."""
    if config.camera.least_wait_s > config.camera.most_wait_s:
        yield "camera.least_wait_s is longer than camera.most_wait_s; make it shorter"
    for table, secret in (
        ("kiosk", "token"),
        ("publish", "mqtt_password"),
        ("publish", "webhook_secret"),
    ):
        part = getattr(config, table)
        if getattr(part, secret) is not None and getattr(part, f"{secret}_file") is not None:
            yield f"{table}.{secret} and {table}.{secret}_file are both set; leave one of them out"
    publish = config.publish
    if (publish.mqtt_certificate_file is None) != (publish.mqtt_key_file is None):
        yield (
            "publish.mqtt_certificate_file and publish.mqtt_key_file belong together; set both "
            "or neither"
        )
    has_password = publish.mqtt_password is not None or publish.mqtt_password_file is not None
    if has_password and publish.mqtt_user is None:
        yield "publish.mqtt_password needs publish.mqtt_user; set it too"
    if publish.home_assistant and publish.mqtt_host is None:
        yield "publish.home_assistant needs publish.mqtt_host; set it too"
