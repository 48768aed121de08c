"""The table: for a terminal, and for the README in English and Korean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType

from benchmarks.compare.measuring import Counts, Measured
from benchmarks.compare.peers import PEERS, given
from benchmarks.compare.results import of_kind

LANGUAGES = ("en", "ko")

_HEADS = MappingProxyType(
    {
        "en": ("program", "given", "photos right", "answered", "wrong", "touch right", "answered",
               "wrong", "photo, ms: median / p99", "touch, ms", "first answer, s", "memory, MB",
               "disk, MB"),
        "ko": ("프로그램", "받는 것", "사진 정답", "답함", "오답", "터치 정답", "답함", "오답",
               "사진 ms: 중앙값 / p99", "터치 ms", "첫 답 s", "메모리 MB", "디스크 MB"),
    }
)  # fmt: skip
_TITLES = MappingProxyType(
    {"ko": {"textbook": "교재의 프로그램", "normalised": "교재의 신경망, 우리가 다듬은 숫자"}}
)
_WORDS = MappingProxyType(
    {
        "en": {"photo": "the photo", "row": "our row"},
        "ko": {"photo": "사진", "row": "우리가 편 줄"},
    }
)
_SET_HEADS = MappingProxyType({"en": "postcodes right", "ko": "정답 우편번호"})


def title(measured: Measured, language: str = "en") -> str:
    """Return what a program is called."""
    names = _TITLES.get(language, {})
    return names.get(measured.peer, PEERS[measured.peer].title)


def terminal(measured: Sequence[Measured]) -> Iterator[str]:
    """Yield the lines of the table for a terminal, all ways and sets."""
    yield (
        f"{'program':34} {'given':12} {'photos right':>18} {'answered, wrong':>18} "
        f"{'touch right':>18} {'answered, wrong':>18} {'ms':>8} {'p99':>8} {'touch ms':>8} "
        f"{'first s':>8} {'peak MB':>8} {'disk MB':>8}"
    )
    for one in measured:
        yield row(one)


def row(one: Measured) -> str:
    """Return a program's row of the table for a terminal."""
    cells = [f"{title(one):34} {one.way:12}"]
    for kind in ("photo", "touch"):
        counts = of_kind(one, kind)
        cells.append(f"{_share(counts.right, counts.total):>18}")
        cells.append(f"{f'{counts.answered}, {counts.wrong}':>18}")
    photo, touch = one.ms.get("photo", {}), one.ms.get("touch", {})
    for value in (photo.get("p50"), photo.get("p99"), touch.get("p50")):
        cells.append(f"{'-' if value is None else f'{value:.1f}':>8}")
    cells.append(f"{one.first_s:8.2f} {one.peak_mb:8.0f} {one.installed_mb:8.0f}")
    return " ".join(cells)


def markdown(measured: Sequence[Measured], language: str) -> Iterator[str]:
    """Yield the lines of both tables for the README.

    Args:
        measured: a row each.
        language: one of `LANGUAGES`.
    """
    heads = _HEADS[language]
    yield "| " + " | ".join(heads) + " |"
    yield "|---|---|" + "---:|" * (len(heads) - 2)
    for one in measured:
        yield "| " + " | ".join(_cells(one, language)) + " |"
    yield ""
    names = list(measured[0].sets)
    yield f"| {_SET_HEADS[language]} | " + " | ".join(f"`{name}`" for name in names) + " |"
    yield "|---|" + "---:|" * len(names)
    for one in measured:
        name = f"{title(one, language)}, {_WORDS[language][given(one.way)]}"
        counts = [one.sets[each] for each in names]
        yield f"| {name} | " + " | ".join(f"{c.right} / {c.total}" for c in counts) + " |"


def _cells(one: Measured, language: str) -> list[str]:
    photos, touch = of_kind(one, "photo"), of_kind(one, "touch")
    cells = [title(one, language), _WORDS[language][given(one.way)]]
    for counts in (photos, touch):
        cells += [_share(counts.right, counts.total), str(counts.answered), _wrong(counts)]
    p50, p99 = (_ms(one.ms["photo"][name]) for name in ("p50", "p99"))
    cells += [f"{p50} / {p99}", _ms(one.ms["touch"]["p50"])]
    return [*cells, f"{one.first_s:.1f}", f"{one.peak_mb:.0f}", f"{one.installed_mb:.0f}"]


def _share(part: int, whole: int) -> str:
    return f"{part} / {whole} ({100 * part / whole:.1f} %)" if whole else "-"


def _wrong(counts: Counts) -> str:
    share = f" ({100 * counts.wrong / counts.answered:.1f} %)" if counts.answered else ""
    return f"{counts.wrong}{share}"


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"
