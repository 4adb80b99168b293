"""Boxes: by counting pixels, and there and back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minicnn.nets.language.boxes import anchors, decode, encode, iou, suppress
from tests.support.compare import assert_close

corner = st.integers(0, 19)
box = st.tuples(corner, corner, st.integers(1, 12), st.integers(1, 12)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


def pixels(b):
    return {(x, y) for x in range(b[0], b[2]) for y in range(b[1], b[3])}


@given(st.lists(box, min_size=1, max_size=4), st.lists(box, min_size=1, max_size=4))
def test_overlap_is_what_counting_pixels_gives(some, others):
    counted = [[len(pixels(a) & pixels(b)) / len(pixels(a) | pixels(b)) for b in others] for a in some]
    np.testing.assert_allclose(iou(np.array(some, float), np.array(others, float)), counted, atol=1e-12)


@given(box, box)
def test_a_box_told_from_an_anchor_comes_back(b, anchor):
    b, anchor = np.array(b, float), np.array(anchor, float)
    assert_close(decode(encode(b, anchor), anchor), b, 1e-12)


def test_an_anchor_stands_in_the_middle_of_its_cell():
    every = anchors((2, 3), (4, 8), 10).reshape(2, 2, 3, 4)  # sides, rows, columns
    assert every[0, 1, 2].tolist() == [23, 13, 27, 17]
    assert every[1, 0, 0].tolist() == [1, 1, 9, 9]


def test_an_offset_is_in_sides_of_the_anchor():
    assert_close(
        encode(np.array([12.0, 10, 22, 30]), np.array([10.0, 10, 20, 20])),
        np.array([0.2, 0.5, 0, np.log(2)]),
        1e-12,
    )


def test_of_boxes_around_one_thing_the_best_is_left():
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [30, 30, 40, 40], [0, 0, 10, 9]], float)
    assert suppress(boxes, np.array([0.7, 0.9, 0.5, 0.8])).tolist() == [1, 2]
    assert suppress(boxes, np.array([0.7, 0.9, 0.5, 0.8]), overlap=0.99).tolist() == [1, 3, 0, 2]
    assert suppress(boxes[:0], np.zeros(0)).tolist() == []
