"""RapidOCR: PP-OCR's small networks in ONNX Runtime, from the wheel, without a network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from benchmarks.compare.answers import Word, postcode_in
from benchmarks.compare.footprint import packages_bytes
from benchmarks.compare.items import Answer, Item
from benchmarks.compare.readers import Read
from edge.errors import PackageMissingError

# A pool of threads on a single core waits for itself.
_THREADS = len(os.sched_getaffinity(0))
_SETTINGS = {
    "Global.log_level": "error",
    "EngineConfig.onnxruntime.intra_op_num_threads": _THREADS,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def open_reader(way: str) -> Read:
    """Return the function that reads.

    Args:
        way: `photo` finds text in whole pictures, and `row` reads the row as one line.

    Raises:
        PackageMissingError: RapidOCR or ONNX Runtime is not installed.
    """
    try:
        import onnxruntime  # noqa: F401 # RapidOCR would ask for it at the first photo
        from rapidocr import RapidOCR
    except ImportError as error:
        raise PackageMissingError(
            f"RapidOCR is not installed ({error}); run: make compare"
        ) from error
    engine = RapidOCR(params=_SETTINGS)
    finds = way == "photo"

    def read(item: Item) -> Answer:
        path = item.picture if finds else item.row
        if path is None:
            return Answer(None, False)
        guess = postcode_in(words_of(engine(path, use_det=finds, use_cls=finds)))
        return Answer(guess, guess is not None)

    return read


def words_of(result: Any) -> list[Word]:
    """Return what RapidOCR found; texts that were not searched for have no place."""
    texts: Sequence[str] = result.txts or ()
    boxes = getattr(result, "boxes", None)
    places = (
        [(0.0, 0.0, 0.0, 0.0)] * len(texts)
        if boxes is None
        else [(*box.min(axis=0).tolist(), *box.max(axis=0).tolist()) for box in boxes]
    )
    return [
        Word(text, float(score), *place)
        for text, score, place in zip(texts, result.scores or (), places, strict=True)
    ]


def version() -> str:
    """Return the versions that its answers depend on."""
    from importlib.metadata import version as installed

    from rapidocr import RapidOCR

    rec = RapidOCR(params=_SETTINGS).cfg.Rec
    return (
        f"RapidOCR {installed('rapidocr')} with {rec.ocr_version.value} {rec.model_type.value}, "
        f"ONNX Runtime {installed('onnxruntime')}"
    )


def installed_bytes() -> int:
    """Return the size of its packages; the networks are in the wheel."""
    return packages_bytes(["rapidocr", "onnxruntime"])
