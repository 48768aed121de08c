"""The demo: eight envelopes and three touch recordings, as data."""

from dataclasses import dataclass, replace

from samples import envelope, pen, stationery
from samples.camera import Shot
from samples.envelope import BoxRow, Layout
from samples.handwriting import Hand
from samples.scene import Scene
from samples.touch import Screen

JPEG_QUALITY = 85

_TIDY = Hand(
    pen=pen.BLACK_GEL, styles=(0, 0, 0, 0, 3, 1, 0, 0, 0, 0), slant=0.05, sloppiness=0.4
)  # fmt: skip
_CURLY = Hand(
    pen=pen.BLUE_BALLPOINT, styles=(1, 0, 1, 2, 2, 0, 2, 2, 2, 1),
    slant=0.12, aspect=1.08, sloppiness=0.6, tremor=0.0015, roundness=0.5, size=0.72,
)  # fmt: skip
_CONTINENTAL = Hand(
    pen=pen.BLUE_FOUNTAIN, styles=(0, 1, 0, 0, 0, 0, 0, 1, 0, 1),
    slant=0.1, rotation=-1, sloppiness=0.65, tremor=0.002, roundness=0.35, size=0.74,
)  # fmt: skip
_QUICK = Hand(
    pen=pen.BLACK_BALLPOINT, styles=(2, 0, 2, 0, 1, 1, 1, 0, 0, 2),
    slant=0.2, aspect=1.05, sloppiness=0.85, tremor=0.002, roundness=0.55, size=0.68, wander=0.05,
)  # fmt: skip
_UPRIGHT = Hand(
    pen=pen.GREY_PENCIL, styles=(3, 2, 3, 1, 1, 2, 1, 3, 1, 0),
    slant=-0.03, aspect=0.95, sloppiness=0.5, tremor=0.003, roundness=0.2, size=0.7,
)  # fmt: skip

_KOREAN = Layout(
    row=BoxRow(left=148, top=82, width=7, height=9, pitch=8.4, line=0.45, color=envelope.RED),
    width=220, height=105, px_per_mm=7,
    lines=("Neulbom Seed Library", "52, Haemaru-ro 7-gil"), lines_at=(128, 62), lines_cap=3.0,
    font=stationery.SANS, stamp=(150, 96, 52), value="430", motif=0, postmark="NEULBOM",
)  # fmt: skip
_FRENCH = Layout(
    row=BoxRow(left=88, top=84, width=4.6, height=8.2, pitch=8.0, line=0.3, color=envelope.ORANGE),
    width=220, height=110, px_per_mm=7, paper=(246, 243, 242), texture="laid",
    lines=("Atelier du Grand Tilleul", "19 bis, rue des Sabots"), lines_at=(96, 64),
    town="VALCOMBE", rule=66, marks=True, bars=44,
    stamp=(72, 60, 190), value="1,39", motif=1, postmark="VALCOMBE",
)  # fmt: skip
_FORM = Layout(
    row=BoxRow(left=20, top=64, width=10, height=12, pitch=10, line=0.5, color=envelope.BLACK),
    width=170, height=100, px_per_mm=8, paper=(244, 246, 246), flaps=False,
    lines=("CHANGE OF ADDRESS", "Dept. of Small Parcels"), lines_at=(20, 14), lines_cap=3.2,
    font=stationery.SANS, caption="POSTCODE", fields=3,
)  # fmt: skip
_BLUE = Layout(
    row=BoxRow(left=96, top=78, width=8, height=10, pitch=9.6, line=0.45, color=envelope.BLUE),
    width=176, height=105, px_per_mm=8, paper=(218, 234, 243), texture="recycled",
    lines=("Quill & Kettle Ltd", "7 Orchard Rise"), lines_at=(84, 57), lines_cap=3.2,
    stamp=(90, 140, 60), value="2.10", motif=2,
)  # fmt: skip
_GREY = Layout(
    row=BoxRow(left=84, top=70, width=9, height=11, pitch=11, line=0.4, color=(138, 136, 134)),
    width=162, height=100, px_per_mm=8, paper=(236, 240, 241),
    lines=("Lantern Street Clinic", "Ward of Clocks"), lines_at=(80, 48), lines_cap=3.0,
    stamp=(60, 110, 170), value="85", motif=1,
)  # fmt: skip
_KRAFT = Layout(
    row=BoxRow(left=118, top=92, width=10, height=13, pitch=11.5, line=0.6, color=envelope.BLACK),
    width=210, height=130, px_per_mm=6.5, paper=(128, 170, 200), texture="recycled",
    lines=("HARBOURFIELD DEPOT", "Gate 4, Mole Road"), lines_at=(116, 68), lines_cap=3.6,
    font=stationery.SANS, stamp=(70, 70, 150), value="4.60", motif=2, postmark="HARBOURFIELD",
)  # fmt: skip
_CARD = Layout(
    row=BoxRow(left=76, top=76, width=8, height=10, pitch=8, line=0.35, color=envelope.GREEN),
    width=148, height=105, px_per_mm=8, paper=(232, 241, 245), flaps=False,
    lines=("The Tide Tables", "P.O. Box 218"), lines_at=(78, 50), lines_cap=3.0,
    font=stationery.SCRIPT, stamp=(140, 110, 50), value="95", motif=0, postmark="QUAYSIDE",
)  # fmt: skip

_STRIP = replace(
    _FRENCH, row=replace(_FRENCH.row, left=40, top=16), width=150, height=40, px_per_mm=8,
    lines=(), marks=False, bars=0, stamp=None, postmark="", flaps=False,
)  # fmt: skip

PHOTOS: dict[str, Scene] = {
    "korean-red": Scene(
        "04524", _KOREAN, _TIDY,
        Shot(1440, 1080, look=(0.58, 0.56), zoom=0.98, tilt=9, tilt_towards=-70, rotation=-4,
             light=0.2, exposure=1.06, warmth=0.25, vignette=0.12, noise=1.6),
    ),
    "french-orange": Scene(
        "67381", _FRENCH, _CONTINENTAL,
        Shot(1440, 1080, look=(0.57, 0.55), zoom=1.0, tilt=7, tilt_towards=200, rotation=3,
             desk="stone", warmth=-0.3, noise=1.5),
    ),
    "form-joined": Scene(
        "29506", _FORM, _CURLY,
        Shot(look=(0.45, 0.55), zoom=0.88, tilt=14, tilt_towards=-95, rotation=5, desk="cloth",
             light=0.25, light_from=30, exposure=1.05, noise=1.8, blur=0.8),
    ),
    "blue-tilted": Scene(
        "81740", _BLUE, _QUICK,
        Shot(look=(0.6, 0.6), zoom=0.86, tilt=19, tilt_towards=-50, rotation=-13, desk="dark",
             light=0.2, light_from=-60, exposure=1.05, noise=2.0, blur=0.8),
    ),
    "pencil-shadow": Scene(
        "35962", _GREY, _UPRIGHT,
        Shot(look=(0.6, 0.58), zoom=0.94, tilt=8, tilt_towards=60, rotation=6, desk="wood",
             light=0.2, exposure=1.06, warmth=0.3, shadow="hard", shadow_depth=0.36,
             shadow_at=(0.52, 0.72), noise=1.8),
    ),
    "marker-kraft": Scene(
        "50873", _KRAFT, replace(_UPRIGHT, pen=pen.BLACK_MARKER, size=0.72),
        Shot(1440, 1080, look=(0.6, 0.6), zoom=1.0, tilt=12, tilt_towards=-110, rotation=-7,
             desk="white", light=0.25, light_from=160, exposure=1.05, warmth=0.2, noise=1.8),
    ),
    "scan-strip": Scene(
        "16098", _STRIP, replace(_TIDY, pen=pen.BLUE_BALLPOINT),
        Shot(1200, 320, zoom=1.0, rotation=0.6, desk="white", light=0.0, vignette=0.0,
             blur=0.5, noise=0.8),
    ),
    "dim-desk": Scene(
        "72413", _CARD, replace(_CURLY, pen=pen.BLUE_FOUNTAIN),
        Shot(look=(0.6, 0.63), zoom=0.92, tilt=17, tilt_towards=-120, rotation=11, exposure=0.68,
             warmth=0.8, light=0.4, light_from=150, shadow="soft", shadow_depth=0.3,
             shadow_at=(0.85, 0.9), vignette=0.22, noise=3.2, blur=0.9, shake=2.0),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Touch:
    """One recording to be made."""

    postcode: str
    # Five digits.
    screen: Screen
    # The boxes.
    hand: Hand
    # Who writes.
    order: tuple[int, ...] = (0, 1, 2, 3, 4)
    # The boxes in the order in which they are filled.


TOUCHES: dict[str, Touch] = {
    "touch-stylus": Touch("03187", Screen(), _TIDY),
    "touch-finger": Touch(
        "94625", Screen(left=30, top=120, width=180, height=240, pitch=190, interval=12, speed=1.0),
        _CONTINENTAL,
    ),
    # The second digit is written last, and the digits all but fill their boxes.
    "touch-out-of-order": Touch(
        "58210", Screen(width=110, height=150, pitch=110, speed=0.7),
        replace(_QUICK, size=0.93, wander=0.09), order=(0, 2, 3, 4, 1),
    ),
}  # fmt: skip
