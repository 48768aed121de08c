from __future__ import annotations

import dataclasses

import pytest

import edge
from edge import errors


def test_every_public_name_exists():
    for name in edge.__all__:
        assert getattr(edge, name).__name__ == name


def test_the_public_names_are_these():
    assert set(edge.__all__) == {
        "Digit", "DirectoryError", "FiveboxError", "ImageError", "InputError", "ModelError",
        "OutputError", "Reading", "Recognizer", "RecordingError", "RuntimeMissingError",
        "SourceBusyError", "SourceDeniedError", "SourceError", "SourceHungError",
        "SourceLostError", "SourceMissingError", "SourceUriError",
    }  # fmt: skip


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Recogniser'"):
        _ = edge.Recogniser


@pytest.mark.parametrize(
    ("error", "base", "builtin"),
    [
        (errors.InputError, errors.FiveboxError, ValueError),
        (errors.ImageError, errors.InputError, ValueError),
        (errors.RecordingError, errors.InputError, ValueError),
        (errors.ModelError, errors.FiveboxError, ValueError),
        (errors.DirectoryError, errors.FiveboxError, ValueError),
        (errors.OutputError, errors.FiveboxError, OSError),
        (errors.PackageMissingError, errors.FiveboxError, ImportError),
        (errors.RuntimeMissingError, errors.PackageMissingError, ImportError),
        (errors.ConfigError, errors.FiveboxError, ValueError),
        (errors.FormError, errors.FiveboxError, ValueError),
        (errors.KioskError, errors.FiveboxError, OSError),
        (errors.SourceError, errors.FiveboxError, OSError),
        (errors.SourceMissingError, errors.SourceError, OSError),
        (errors.SourceBusyError, errors.SourceError, OSError),
        (errors.SourceDeniedError, errors.SourceError, OSError),
        (errors.SourceLostError, errors.SourceError, OSError),
        (errors.SourceHungError, errors.SourceError, OSError),
        (errors.WorkerError, errors.FiveboxError, RuntimeError),
    ],
)
def test_each_error_is_also_the_builtin_it_resembles(error, base, builtin):
    assert issubclass(error, base)
    assert issubclass(error, builtin)
    assert str(error("what is wrong")) == "what is wrong"
    is_usage = error in (errors.ConfigError, errors.FormError)
    assert error.exit_code == (2 if is_usage else 1)


def test_each_error_of_the_tree_is_drawn_in_the_docstring():
    for name, value in vars(errors).items():
        if isinstance(value, type):
            assert name in errors.__doc__


def test_a_reading_has_the_fields_of_the_contract():
    names = [field.name for field in dataclasses.fields(edge.Reading)]
    assert sorted(names) == sorted(
        ["source", "status", "postcode", "guess", "confidence", "digits", "region", "reason",
         "elapsed_ms"]
    )  # fmt: skip
    assert [f.name for f in dataclasses.fields(edge.Digit)] == ["digit", "confidence", "box"]


def test_readings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        edge.Reading("no-boxes").status = "accepted"
    with pytest.raises(dataclasses.FrozenInstanceError):
        edge.Digit("1", 0.5, None).digit = "2"
