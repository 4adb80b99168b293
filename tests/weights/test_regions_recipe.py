"""What the dense captioner is taught, and how what it finds is counted."""

import numpy as np
import pytest

from minicnn import Tensor, backward, find, nets
from minicnn.nets.language.boxes import decode, iou
from weights.recipes import train_dense_captioner as recipe
from weights.recipes.regions_found import figures, matched
from weights.recipes.shapes_world import regions, scene, sentences


def test_a_region_is_the_box_around_what_can_be_seen_and_its_sentence_names_it():
    s = scene(3, count=3).shapes[0]
    x0, y0, x1, y1 = regions.box(s).astype(int)
    assert s.visible[y0:y1, x0:x1].sum() == s.visible.sum()
    assert (
        s.visible[y0].any()
        and s.visible[y1 - 1].any()
        and s.visible[:, x0].any()
        and s.visible[:, x1 - 1].any()
    )
    assert sentences.in_words(regions.said(s)).split()[1:] == [s.colour, s.kind]


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("mirrored", [0, 1])
def test_boxes_turn_with_their_picture(quarters, mirrored):
    s = scene(5, count=1)
    seen = np.repeat(s.shapes[0].visible[..., None], 3, axis=2)
    picture, (box,) = recipe.turned(seen, regions.box(s.shapes[0])[None], quarters, mirrored)
    rows, columns = np.flatnonzero(picture[..., 0].any(axis=1)), np.flatnonzero(picture[..., 0].any(axis=0))
    assert box.tolist() == [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


def test_every_shape_has_an_anchor_and_its_offsets_lead_back_to_it():
    boxes = np.stack([regions.box(s) for s in scene(11, count=3).shapes])
    there, ignored, offsets = recipe.at_anchors(boxes)
    assert not (there & ignored).any() and not offsets[~there].any()
    led_to = decode(offsets[there], recipe.ANCHORS[there])
    overlap = iou(led_to, boxes)
    assert np.allclose(overlap.max(axis=1), 1, atol=1e-4)
    assert set(overlap.argmax(axis=1)) == {0, 1, 2}
    assert iou(recipe.ANCHORS[~there & ~ignored], boxes).max() <= recipe.IS_NOT


def test_shaken_boxes_still_show_their_shape():
    boxes = np.repeat([[20.0, 30, 50, 70]], 500, axis=0)
    overlap = iou(recipe.shaken(boxes, np.random.default_rng(0)), boxes[:1])[:, 0]
    assert overlap.min() > 0.4 and overlap.std() > 0.01


def test_a_place_elsewhere_lies_outside_its_region_and_mostly_in_another():
    random, true = np.random.default_rng(0), np.array([[10.0, 10, 40, 40], [50, 50, 80, 80]])
    places = np.stack([recipe.elsewhere(true[0], true, random) for _ in range(400)])
    x, y = (places[:, :2] + places[:, 2:]).T / 2
    assert not ((x > 10) & (x < 40) & (y > 10) & (y < 40)).any()
    assert 0.7 < ((x > 50) & (x < 80) & (y > 50) & (y < 80)).mean() < 0.95
    assert np.allclose(places[:, 2:] - places[:, :2], recipe.STEP)


def test_the_less_of_a_region_is_in_a_code_the_less_sure_are_its_words_to_be():
    p = recipe.taught(np.array([[2, 0], [2, 0], [2, 0]]), np.array([[0.0], [1.0], recipe.OURS[1:]]), V=24)
    assert np.allclose(p.sum(axis=-1), 1) and (p > 0).all()
    assert np.allclose(p[0], 1 / 24)
    assert p[1, 0].argmax() == 2 and p[1, 1].argmax() == 0
    assert recipe.SURE < p[1, 0, 2] < p[2, 0, 2] < 1


def test_what_is_said_as_it_is_taught_costs_nothing_and_mixtures_reach_the_maps():
    sample = recipe.sampler(*regions.batch(range(2)))
    batch, _ = sample(np.arange(2), np.random.default_rng(0), 0)
    lesson = recipe.Lesson(nets.dense_captioner().initialise(0))
    losses = lesson(Tensor(batch))
    assert losses.shape == (4,) and (losses.data > 0).all()
    assert 0 < recipe.near(losses.data, None)[0] < 1
    gA = backward(losses, np.eye(4, dtype=np.float32)[2], wrt=find(losses, "relu5"))
    _, _, h, w = gA.shape
    row, column = (batch["places"][0, 0].reshape(2, 2).mean(axis=0)[::-1] / recipe.STEP).astype(int)
    assert gA[0, :, min(row, h - 1), min(column, w - 1)].any()  # the place elsewhere has its part
    lesson.net.words_after = lambda codes, words: Tensor(
        np.log(recipe.taught(words, batch["ours"].reshape(-1, 1), 24))
    )
    assert abs(lesson(Tensor(batch)).data[2]) < 1e-5


def test_a_batch_is_a_function_of_its_random_numbers():
    sample = recipe.sampler(*regions.batch(range(3)))
    (a, _), (b, _), (c, _) = (sample(np.arange(3), np.random.default_rng(seed), 0) for seed in (1, 1, 2))
    assert a.tobytes() == b.tobytes() != c.tobytes()


def test_each_shape_is_found_once():
    true = np.array([[0, 0, 10, 10], [20, 20, 30, 30]], float)
    boxes = np.array([[0, 0, 10, 9], [0, 0, 9, 10], [21, 20, 30, 30], [50, 50, 60, 60]], float)
    assert matched(boxes, true).tolist() == [0, -1, 1, -1]


def test_figures_count_shapes():
    true = np.array([[[0, 0, 10, 10], [20, 20, 30, 30], [np.nan] * 4]])
    words = np.array([[[1, 2, 3, 0], [1, 4, 5, 0], [0, 0, 0, 0]]])
    found = [
        (
            np.array([[0, 0, 10, 9], [50, 50, 60, 60.0]]),
            np.array([0.9, 0.6]),
            np.array([[1, 2, 3, 0], [1, 4, 5, 0]]),
        )
    ]
    assert figures(found, true, words) == {"recall": 0.5, "precision": 0.5, "accuracy": 0.5, "named": 1.0}
    found[0][2][0, 1] = 4
    assert figures(found, true, words)["accuracy"] == 0
