"""Which maps are drawn and in which colours: numbers by hand."""

import numpy as np

from gradcam.explore.drawn import as_maps, codes, percentile, top_maps
from gradcam.explore.lehmer import _lehmer, normals


def test_a_row_of_numbers_is_maps_of_one_place():
    maps = np.arange(24).reshape(1, 2, 3, 4)
    assert np.array_equal(as_maps(maps), maps[0])
    assert as_maps(np.arange(5)[None]).tolist() == [[[n]] for n in range(5)]


def test_the_maps_with_the_largest_sums_are_drawn_ties_in_their_order():
    maps = np.zeros((4, 2, 3))
    maps[:, 0, 0], maps[:, 1, 2] = [1, 5, 3, 5], [3, 0, 1, 0]  # sums 4, 5, 4, 5; the largest alone is no sum
    assert top_maps(maps) == [1, 3, 0, 2]


def test_sixteen_are_drawn_and_nine_if_they_have_more_than_1024_places():
    for size, count in (((32, 32), 16), ((25, 41), 9), ((1, 1024), 16)):
        maps = np.arange(20.0)[:, None, None] * np.ones(size)
        assert top_maps(maps) == [*range(19, 19 - count, -1)]
    assert top_maps(np.ones((3, 40, 40))) == [0, 1, 2]


def test_colours_of_activations_are_shares_rounded_and_those_of_signals_roots_with_a_sign():
    shares = np.array([0, 0.253, 0.256, 0.5, 1, 2, -3], np.float32)  # 127 v: 32.131, 32.512, 63.5
    found = codes(4 * shares, 4.0, signed=False)
    assert found.dtype == np.int8 and found.tolist() == [0, 32, 33, 64, 127, 127, 0]
    shares = np.array([0, 0.25, 0.0641, -0.0655, 1, 9, -9], np.float32)  # 127 sqrt(v): 63.5, 32.15, 32.50
    assert codes(4 * shares, 4.0, signed=True).tolist() == [0, 64, 32, -33, 127, 127, -127]
    assert codes(np.array([0.0, 0.5]), 0.0, signed=False).tolist() == [0, 64], "of no top, 1"


def test_ninety_nine_in_a_hundred_do_not_exceed_it():
    sizes = np.arange(1.0, 102) * np.where(np.arange(101) % 2, 1, -1)
    mixed = np.random.default_rng(0).permutation(np.append(sizes, np.zeros(500)))
    assert percentile(mixed) == 100 and percentile(mixed.reshape(1, -1)) == 100
    assert percentile(np.array([0, -7.0])) == 7 and percentile(np.array([3.0, -5.0])) == 3
    assert percentile(np.zeros(4)) == 0.0


def test_lehmers_sequence_is_the_one_that_park_and_miller_print():
    *_, last = _lehmer(0, 9992)  # from 1 on, after the first eight
    assert last == 1043618065  # their check of the 10,000th number (Comm. ACM 31, 1988)
    assert next(_lehmer(2147483646, 1)) == next(_lehmer(0, 1)) == 16807**9 % 2147483647


def test_normal_numbers_are_made_of_pairs():
    u = np.array([*_lehmer(5, 6)]) / 2147483647
    by_hand = [(-2 * np.log(u[n])) ** 0.5 * np.cos(2 * np.pi * u[n + 1]) for n in (0, 2, 4)]
    assert np.allclose(normals(5, 3), by_hand, rtol=1e-15) and normals(6, 3)[0] != by_hand[0]
