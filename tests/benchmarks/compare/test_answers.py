from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.compare.answers import Word, postcode_in


def word(text, left=0, top=0, width=50, height=20, confidence=0.9):
    return Word(text, confidence, left, top, left + width, top + height)


def test_a_word_of_five_digits_is_a_postcode_whatever_stands_around_them():
    assert postcode_in([word("|0|4|5 2.4|")]) == "04524"


def test_neither_more_nor_fewer_digits_are_one():
    assert postcode_in([word("010-1234"), word("4524", top=90)]) is None
    assert postcode_in([]) is None


def test_digits_of_other_scripts_are_none():
    assert postcode_in([word("٠٤٥٢٤")]) is None


def test_the_surest_of_several_counts():
    words = [word("11111", confidence=0.6), word("04524", top=80, confidence=0.8)]
    assert postcode_in(words) == "04524"


def test_digits_that_stand_apart_on_a_line_are_put_together_from_left_to_right():
    digits = [word(digit, left=70 * place, top=place) for place, digit in enumerate("04524")]
    assert postcode_in(digits[::-1]) == "04524"


def test_words_on_another_line_or_far_away_don_t_belong_to_it():
    near = [word("045"), word("24", left=70)]
    assert postcode_in([*near, word("7", left=70, top=40), word("7", left=700)]) == "04524"
    assert postcode_in([word("045"), word("24", left=70, top=40)]) is None


def test_a_single_word_comes_before_what_is_put_together():
    parts = [word("123"), word("45", left=60)]
    assert postcode_in([*parts, word("04524", top=90, confidence=0.1)]) == "04524"


_SIDES = st.floats(0, 1000)
_WORDS = st.builds(
    word, st.text(max_size=8), _SIDES, _SIDES, st.floats(0, 300), st.floats(0, 100), st.floats(0, 1)
)


@given(st.lists(_WORDS, max_size=8))
def test_an_answer_has_five_digits_that_were_there(words):
    found = postcode_in(words)
    if found is not None:
        assert len(found) == 5
        assert set(found) <= set("".join(each.text for each in words)) & set("0123456789")
