from __future__ import annotations

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import SourceError, SourceUriError
from edge.sources import opener
from edge.sources.uri import RATE, WIDTH, Choice, Text, parse_options, without_password

OPTIONS = {"width": WIDTH, "fps": RATE, "loop": Choice("true", ("true", "false")), "fail": Text()}


def test_what_is_not_given_has_its_default():
    assert parse_options("x:", "", OPTIONS) == {
        "width": 1640,
        "fps": 30.0,
        "loop": "true",
        "fail": "",
    }


def test_options_are_numbers_choices_and_texts():
    given_ = parse_options("x:", "width=640&fps=7.5&loop=false&fail=hang@5s,black@6s", OPTIONS)
    assert given_ == {"width": 640, "fps": 7.5, "loop": "false", "fail": "hang@5s,black@6s"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("widht=640", "no option 'widht'; did you mean width"),
        ("colour=red", "no option 'colour'; there is width, fps, loop, fail"),
        ("width=31", "width is a whole number from 32 to 9152, not '31'"),
        ("width=640.5", "whole number"),
        ("width=", "not ''"),
        ("fps=nan", "fps is a number from 0.1 to 240, not 'nan'"),
        ("fps=inf", "not 'inf'"),
        ("loop=yes", "loop is true or false, not 'yes'"),
        ("width=640&width=650", "width is given twice"),
        ("width", "name=value"),
        ("width=640&&fps=3", "name=value"),
    ],
)
def test_a_wrong_option_is_one_sentence(query, words):
    with pytest.raises(SourceUriError) as caught:
        parse_options("webcam:0", query, OPTIONS)
    assert str(caught.value).startswith("webcam:0: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (caught.value.exit_code, caught.value.is_lasting) == (2, True)


@given(st.integers(32, 9152), st.floats(0.1, 240), st.text(max_size=20))
def test_every_value_that_is_allowed_comes_through(width, fps, text):
    query = f"width={width}&fps={fps!r}&fail={quote(text)}"
    values = parse_options("x:", query, OPTIONS)
    assert (values["width"], values["fps"], values["fail"]) == (width, fps, text)


@given(st.text(max_size=40))
def test_any_text_is_a_uri_or_one_sentence(uri):
    # The right kind of error or none: nothing is opened.
    with contextlib.suppress(SourceUriError):
        opener(uri)


@given(st.sampled_from(["picamera:", "webcam:", "replay:", "http://", "rtsp://", "file://"]),
       st.text(max_size=30))  # fmt: skip
def test_any_text_after_a_kind_is_a_uri_or_one_sentence(kind, rest):
    with contextlib.suppress(SourceUriError):
        opener(kind + rest)


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("pciamera:0", "did you mean picamera?"),
        ("usb:0", "there is picamera, webcam, replay, file, rtsp"),
        ("picamera:front", "named by its number"),
        ("picamera:64", "from 0 to 63"),
        ("webcam:999999999999", "from 0 to 63"),
        ("webcam:video0", "webcam:/dev/video0"),
        ("webcam:²", "named by its number"),
        ("replay:", "needs a path"),
        ("", "needs a path"),
        ("http://", "rtsp://host:port/path"),
        ("rtsp://host:99999/", "rtsp://host:port/path"),
        ("replay:x?fail=hnag@5s", "did you mean hang?"),
        ("picamera:0?turn=90", "turn is 0 or 180"),
    ],
)
def test_a_wrong_uri_names_what_is_right(uri, words):
    with pytest.raises(SourceUriError) as caught:
        opener(uri)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_uri_error_is_both_an_os_and_a_value_error():
    assert issubclass(SourceUriError, SourceError)
    assert issubclass(SourceUriError, ValueError)
    assert issubclass(SourceUriError, OSError)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://admin:secret@10.0.0.4:554/a?b=1", "rtsp://10.0.0.4:554/a?b=1"),
        ("http://a@b:c@host/x", "http://host/x"),
        ("http://host/x@y", "http://host/x@y"),
        ("webcam:0", "webcam:0"),
    ],
)
def test_a_password_is_not_shown(url, shown):
    assert without_password(url) == shown


def test_an_unknown_kind_does_not_show_a_password():
    with pytest.raises(SourceUriError) as caught:
        opener("htps://admin:secret@host/x")
    assert "secret" not in str(caught.value)
