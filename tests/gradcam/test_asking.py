"""What users ask for, by the names they use: what is found, what is near, what is said."""

import numpy as np
import pytest

from gradcam.asking import AskError, as_given, class_index, is_called, listed, one_of, one_word

NAMES = ("tabby, tabby cat", "tiger cat", "Egyptian cat", "boxer", "bull mastiff", "7", "crane",
         "crane, bird")  # fmt: skip


def test_a_name_is_found_whatever_its_case_hyphens_and_spaces():
    known = ["grad_cam", "grad_cam++", "saliency", "occlusion"]
    assert (
        one_of("method", "Grad-CAM", known) == "grad_cam" and one_of("method", "GradCAM++", known) == known[1]
    )
    with pytest.raises(AskError) as said:
        one_of("method", "salience", known, "gradcam methods")
    assert str(said.value) == ("there is no method 'salience'; near: saliency (all of them: gradcam methods)")
    with pytest.raises(AskError, match=r"there is grad_cam, grad_cam\+\+, saliency, occlusion$"):
        one_of("method", "xyz", known)
    many = [f"n{k:02}" for k in range(30)]
    with pytest.raises(AskError, match=r"'xyz'; there is n00, .*, n07, \.\.\. \(all of them: see\)$"):
        one_of("thing", "xyz", many, "see")
    with pytest.raises(AskError, match=r"there is n00, .*, n23, \.\.\.$"):
        one_of("thing", "xyz", many)


@pytest.mark.parametrize(("asked", "c"), [
    ("boxer", 3), ("BOXER", 3), ("tabby cat", 0), ("tabby", 0), ("mastiff", 4), ("3", 3), ("class 4", 4),
    (" class  0 ", 0), ("7", 5), ("egyptian", 2), ("+1", 1), ("bird", 7),
])  # fmt: skip
def test_a_class_is_found_by_a_name_a_word_or_its_number(asked, c):
    assert class_index(asked, NAMES, 8) == c


@pytest.mark.parametrize(("asked", "names", "count", "said"), [
    ("cat", NAMES, 8, "'cat' may be 0 tabby, tabby cat, 1 tiger cat, 2 Egyptian cat: give the whole name"),
    ("crane", NAMES, 8, "'crane' may be 6 crane, 7 crane, bird: give the whole name, or the number"),
    ("8", NAMES, 8, "no class 8; they are numbered 0 to 7: this network has 8 of them, 'tabby, tabby cat' to "
                    "'crane, bird', as net.card.classes lists them"),
    ("-1", (), 3, "no class -1; they are numbered 0 to 2: this network has 3 of them$"),
    ("dog", None, 3, "this network's classes have no names: give a number, 0 to 2, instead of 'dog'"),
    ("boxr", NAMES, 8, "there is no class 'boxr'; near: 3 boxer"),
    ("tig", NAMES, 8, "there is no class 'tig'; near: 1 tiger cat"),
    ("zzzzzzz", NAMES, 8, "there is no class 'zzzzzzz' among the 8 of this network: tabby, tabby cat, tiger"),
    ("", NAMES, 8, "there is no class '' among the 8"),
])  # fmt: skip
def test_a_class_that_is_none_or_several(asked, names, count, said):
    with pytest.raises(AskError, match=said):
        class_index(asked, names, count)


def test_two_classes_of_one_name_are_told_apart_by_number_alone():
    assert class_index("1", ("1", "1", "x"), 3) == 1


def test_a_class_without_a_name_is_found_by_its_number():
    assert class_index("2", None, 3) == 2 and class_index("0", (), 1) == 0


def test_what_a_class_is_called():
    assert is_called("tabby, tabby cat", "Tabby Cat") and is_called("tabby, tabby cat", "tabby, tabby-cat")
    assert not is_called("tabby, tabby cat", "cat")


def test_lists_and_values_in_a_few_words():
    assert listed(["a", "b"], 2) == "a, b" and listed(["a", "b", "c"], 2) == "a, b, ..."
    assert as_given(np.array([1, 2])) == "[1, 2]" and as_given("a\n b") == "'a\\n b'"
    assert as_given(object()) == "a object" and as_given(print) != "print"
    assert as_given("x" * 57) == repr("x" * 57) and as_given("x" * 58) == "'" + "x" * 56 + "..."
    assert one_word("order", "a", ("a", "b")) is None
    for wrong, given in (("c", "'c'"), (3, "3"), (None, "None")):
        with pytest.raises(AskError, match=f"order is one of a, b, not {given}"):
            one_word("order", wrong, ("a", "b"))
