"""Text that is broken into lines."""

import random
import time

import pytest

from gradcam.show.typeset import fitting, lines, wide


def slowly(text, width, size):
    """How many letters fit, tried one after the other from the end."""
    return next(n for n in range(len(text) - 1, 0, -1) if n == 1 or wide(text[:n], size) <= width)


def test_a_word_is_broken_where_as_many_letters_stand_as_fit():
    drawn = random.Random(0)
    for _ in range(40):
        text = "".join(drawn.choice("abgVAWMil_.-Té,") for _ in range(drawn.randint(2, 60)))
        width = drawn.uniform(0.05, 0.9) * wide(text, 9)
        assert fitting(text, width, 9) == slowly(text, width, 9), (text, width)


@pytest.mark.parametrize("name", ["layer/" * 1000, "x" * 5000])
def test_a_name_of_thousands_of_letters_is_broken_at_once(name):
    begun = time.monotonic()
    found = lines(name, 3, 9)
    assert time.monotonic() - begun < 10  # it took minutes
    assert "".join(line.text for line in found) == name and all(wide(line.text, 9) <= 3 for line in found)
