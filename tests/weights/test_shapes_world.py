"""The shapes world keeps every promise it states."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from weights.recipes import shapes_world as world
from weights.recipes.shapes_world import asked, clutter, colours, textures
from weights.recipes.shapes_world.composing import GRAIN, is_enough, occlude, paint
from weights.recipes.shapes_world.shape import shape

KINDS = list(world.KINDS)


@pytest.fixture(scope="module")
def many():
    """Three hundred scenes: 600 shapes, of which about 100 are partly covered."""
    return list(world.scenes(0, 300, "validation"))


def shapes_of(scenes):
    return [s for one in scenes for s in one.shapes]


# The same bits
# ----------------------------------------------------------------------------------------------------------


def test_a_scene_has_the_same_bits_alone_in_any_batch_and_in_any_thread():
    images, labels, masks = world.batch(range(12), "test", masks=True)
    backwards = world.batch(range(11, -1, -1), "test")
    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(lambda i: world.scene(i, "test"), range(12)))
    assert images.shape == (12, 96, 96, 3) and images.dtype == np.uint8
    assert labels.shape == (12, len(KINDS)) and labels.dtype == np.float32
    assert masks.shape == (12, len(KINDS), 96, 96) and masks.dtype == bool
    for i in range(12):
        alone = world.scene(i, "test")
        assert all(
            np.array_equal(p, alone.picture) for p in (images[i], backwards[0][11 - i], threaded[i].picture)
        )
        assert np.array_equal(labels[i], alone.labels) and np.array_equal(masks[i], alone.masks)


def test_numbers_splits_and_seeds_give_different_scenes():
    streams = [(split, seed) for split in world.SPLITS for seed in (0, 1)]
    pictures = [s.picture.tobytes() for split, seed in streams for s in world.scenes(0, 40, split, seed)]
    assert len(set(pictures)) == len(pictures) == 240


def test_no_two_streams_of_a_world_can_ever_use_the_same_counter():
    """The counter's upper words name the scene, and a scene's draws never carry into them."""
    tops = set()
    for split in world.SPLITS:
        for number in (0, 1, 2**32, 2**63 - 1):
            rng = asked.stream(number, split, 5)
            before = rng.bit_generator.state["state"]["counter"][1:].tolist()
            assert before == [number, world.SPLITS.index(split), 0]
            assert rng.bit_generator.state["state"]["key"].tolist() == [5, 0]
            rng.random(100_000)
            after = rng.bit_generator.state["state"]["counter"]
            assert after[0] >= 25_000 and after[1:].tolist() == before
            tops.add(tuple(before))
    assert len(tops) == 12


# texture, shapes from below, and ten times the mean of each of the nine squares of 32 x 32 pixels
# fmt: off
FIRST_SCENES = [
    ("noise", "yellow cross green disk", [1421, 1476, 1494, 1442, 1140, 1555, 1438, 1396, 1399]),
    ("stripes", "cyan cross blue square yellow triangle",
     [1468, 1554, 1472, 1465, 1525, 1471, 1380, 1468, 1481]),
    ("checks", "white heart yellow cross red square", [851, 807, 803, 859, 851, 973, 799, 1269, 1414]),
    ("checks", "yellow square", [1611, 1611, 1618, 1655, 1639, 1616, 1637, 1618, 1610]),
    ("blobs", "cyan star yellow crescent pink heart",
     [1192, 1172, 1227, 1156, 1173, 1280, 1261, 1401, 1165]),
    ("blobs", "orange disk white cross", [1481, 1523, 1548, 1446, 1386, 1521, 1567, 1840, 1463]),
    ("noise", "orange star red cross pink square", [1397, 1409, 1452, 1401, 1384, 1507, 1217, 1371, 1408]),
    ("blobs", "orange ring", [964, 979, 907, 1034, 943, 962, 973, 1011, 986]),
    ("gradient", "red ring", [1298, 1353, 1418, 1169, 1283, 1416, 1227, 1353, 1436]),
    ("stripes", "cyan ring", [1844, 1825, 1847, 1847, 1830, 1829, 1860, 1860, 1770]),
]
# fmt: on


@pytest.mark.parametrize("number", range(10))
def test_it_is_the_world_that_the_shipped_networks_were_trained_on(number):
    """Every equation of it, and the order of its random numbers, have their part in these."""
    texture, said, means = FIRST_SCENES[number]
    one = world.scene(number)
    assert one.texture == texture and " ".join(f"{s.colour} {s.kind}" for s in one.shapes) == said
    found = one.picture.reshape(3, 32, 3, 32, 3).mean(axis=(1, 3, 4)).ravel()
    np.testing.assert_allclose(10 * found, means, atol=0.7)


# The truth
# ----------------------------------------------------------------------------------------------------------


def test_each_visible_mask_is_where_the_shape_is_painted(many):
    """Every shape repainted with a hard edge in a colour of its own, on black: the picture shows that
    colour exactly on its mask.
    """
    pure = 255 * np.eye(3)
    black, still = np.zeros((96, 96, 3), np.float32), np.zeros((96, 96, 3), np.int8)
    covered = 0
    for one in many[:100]:
        hard = [
            replace(s, rgb=rgb, distance=np.where(s.distance <= 0, -1.0, 1.0))
            for s, rgb in zip(one.shapes, pure)
        ]
        picture = paint(black, hard, still)
        for s, rgb in zip(one.shapes, pure):
            assert np.array_equal(s.visible, (picture == rgb).all(-1))
            covered += not np.array_equal(s.visible, s.full)
    assert covered > 10


def test_the_picture_changes_where_a_shape_is_taken_away_and_nowhere_else(many):
    for one in many[:100]:
        on_top = np.zeros((96, 96), bool)  # wholly covered by later shapes
        for i in reversed(range(len(one.shapes))):
            s = one.shapes[i]
            touched = np.zeros((96, 96), bool)
            touched[s.where] = s.coverage > 0
            changed = (one.picture != one.without(i)).any(-1)
            assert not (changed & ~(touched & ~on_top)).any()
            assert (changed & s.visible).sum() >= 0.98 * s.visible.sum()  # the ground may match it in a few
            on_top[s.where] |= s.coverage == 1


def test_visible_masks_are_disjoint_and_make_up_the_masks_of_the_kinds(many):
    for one in many:
        assert sum(s.visible.astype(int) for s in one.shapes).max() == 1
        for kind, mask, present in zip(KINDS, one.masks, one.labels):
            of_kind = [s.visible for s in one.shapes if s.kind == kind]
            assert present == len(of_kind) == mask.any() and np.array_equal(
                mask, sum(of_kind, np.zeros((96, 96), bool))
            )


def test_later_shapes_cover_earlier_ones():
    below, above = occlude([shape("square", (40, 40), 40, 0.3), shape("disk", (50, 50), 30, 0)])
    assert np.array_equal(above.visible, above.full)
    assert np.array_equal(below.visible, below.full & ~above.full) and below.visible.sum() < below.full.sum()


def test_enough_of_every_shape_is_seen(many):
    shares = [s.visible.sum() / s.full.sum() for s in shapes_of(many)]
    assert world.MIN_VISIBLE <= min(shares) < 0.85, "no shape is covered enough for this to test the bound"
    assert min(s.visible.sum() for s in shapes_of(many)) >= world.MIN_PIXELS
    small = shapes_of(world.scenes(0, 60, kinds=["triangle"], size=16))
    assert world.MIN_PIXELS <= min(s.visible.sum() for s in small) < 90


def test_every_shape_is_seen_against_what_surrounds_it(many):
    contrasts = []
    for one in many[:100]:
        for i, s in enumerate(one.shapes):
            canvas = paint(
                one.background, one.shapes[:i], np.zeros((), np.int8)
            )  # what lay there when it was painted
            contrasts.append(
                (colours.distance(canvas[s.where][s.around], s.rgb) >= world.CONTRAST - 0.005).mean()
            )
    assert world.SEEN <= min(contrasts) < 1


def test_colours_answer_to_their_names_and_occur_once(many):
    assert all(colours.nearest_name(s.rgb) == s.colour for s in shapes_of(many))
    assert all(len({s.colour for s in one.shapes}) == len(one.shapes) for one in many)
    assert {s.colour for s in shapes_of(many)} == set(world.COLOURS)
    pairs = [
        colours.distance(a, b)
        for i, a in enumerate(world.COLOURS.values())
        for b in list(world.COLOURS.values())[:i]
    ]
    assert min(pairs) > world.CONTRAST
    assert all(s.rgb.min() >= 0 and s.rgb.max() <= 255 for s in shapes_of(many))


# Variety
# ----------------------------------------------------------------------------------------------------------


def test_kinds_and_counts_are_uniform(many):
    """Chi-squared below its 99.9 % quantile (7 and 2 degrees of freedom)."""

    def chi2(counts):
        return ((counts - np.mean(counts)) ** 2).sum() / np.mean(counts)

    assert chi2(sum(one.labels for one in many)) < 24.3
    assert chi2(np.bincount([len(one.shapes) for one in many])[1:]) < 13.8
    assert {one.texture for one in many} == set(world.TEXTURES)


def test_sizes_and_angles_fill_their_ranges_and_shapes_stay_inside(many):
    sizes, angles = (np.array([getattr(s, name) for s in shapes_of(many)]) for name in ("size", "angle"))
    (low, high), turn = world.SIZE, 2 * np.pi
    assert low <= sizes.min() < low + 1 and high - 1 < sizes.max() <= high
    assert 0 <= angles.min() < 0.1 and turn - 0.1 < angles.max() <= turn
    for s in shapes_of(many):
        assert all(s.size / 2 <= v <= 96 - s.size / 2 for v in s.centre)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_fills_its_circle_and_turns_without_changing(kind):
    big = [shape(kind, (48, 48), 90, angle).full for angle in (0.2, 0.9)]
    y, x = np.nonzero(big[0])
    reach = np.hypot(x + 0.5 - 48, y + 0.5 - 48).max()
    assert 43.5 < reach <= 45
    assert abs(big[0].sum() - big[1].sum()) < 0.01 * big[0].sum()
    quarter = shape(kind, (48, 48), 90, 0.2 + np.pi / 2).full
    assert (quarter != np.rot90(big[0], -1)).mean() < 1e-3  # angles are clockwise


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_a_distance_near_its_outline(kind):
    """Where the outline is, the field rises by one pixel per pixel: this makes the smooth edge as wide
    everywhere.
    """
    s = shape(kind, (48, 48), 90, 0.2)
    slope = np.hypot(*np.gradient(s.distance))[np.abs(s.distance) < 1]
    assert slope.size > 200 and np.percentile(np.abs(slope - 1), 80) < 0.01  # the rest are corners


def test_no_kind_can_be_taken_for_another_at_any_angle():
    """Intersection over union of every two kinds at their most alike: any turn, the sizes scaled to equal
    area.
    """
    area = {kind: shape(kind, (48, 48), 60, 0).full.sum() for kind in KINDS}
    turned = {
        kind: [
            shape(kind, (48, 48), 40 * np.sqrt(area["disk"] / area[kind]), a).full
            for a in np.linspace(0, 2 * np.pi, 36, False)
        ]
        for kind in KINDS
    }
    for i, a in enumerate(KINDS):
        for b in KINDS[:i]:
            alike = max((turned[a][0] & m).sum() / (turned[a][0] | m).sum() for m in turned[b])
            assert 0.1 < alike < 0.86, f"{a} and {b}: {alike:.2f}"


def test_grain_is_small_and_everywhere(many):
    assert max(np.abs(one.grain).max() for one in many[:10]) == GRAIN
    assert (many[0].grain != 0).mean() > 0.85


# What is asked for
# ----------------------------------------------------------------------------------------------------------


def test_asked_kinds_counts_and_sizes_are_given():
    assert [s.kind for s in world.scene(0, kinds=["star", "ring"]).shapes] == ["star", "ring"]
    assert [s.kind for s in world.scene(0, kinds=["star", "star"]).shapes] == ["star", "star"]
    assert [s.kind for s in world.scene(0, kinds="heart").shapes] == ["heart"]
    assert {len(s.shapes) for s in world.scenes(0, 20, count=2)} == {2}
    assert {len(s.shapes) for s in world.scenes(0, 20, count=(2, 3))} == {2, 3}
    assert all(50 <= s.size <= 55 for s in shapes_of(world.scenes(0, 10, size=(50, 55), count=1)))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (dict(number=-1), "number must be a whole number from 0"),
        (dict(number=1.5), "not 1.5"),
        (dict(number=-1, seed=-1), "number must be"),
        (dict(count=(1, 2.5)), "count must be 1 to 3"),
        (dict(count=(1, "2")), r"range \(least, most\)"),
        (dict(seed="7"), "seed must be a whole number"),
        (dict(split="val"), "splits are train, validation, test"),
        (dict(kinds=["hexagon"]), "no kind 'hexagon': the kinds are disk, ring"),
        (dict(kinds=["disk"] * 4), "1 to 3 shapes, but 4"),
        (dict(kinds=[]), "but 0 kinds"),
        (dict(kinds=["disk"], count=1), "not both"),
        (dict(count=4), "count must be 1 to 3"),
        (dict(count=(3, 1)), r"range \(least, most\)"),
        (dict(count=1.5), "count must be"),
        (dict(size=5), "size must be 16 to 60"),
        (dict(size="big"), "one number or a range"),
        (dict(count=3, size=60), "No room for 3 shapes of 60 to 60 pixels"),
    ],
)
def test_a_wrong_request_is_refused_in_words(wrong, words):
    with pytest.raises(ValueError, match=words):
        world.scene(**{"number": 0, **wrong})


def test_the_distance_to_a_disk_is_in_pixels():
    s = shape("disk", (30.5, 40.0), 20, 0.0)
    rows, cols = s.where
    i, j = np.mgrid[rows, cols] + 0.5
    np.testing.assert_allclose(s.distance, np.hypot(j - 30.5, i - 40.0) - 10, atol=1e-12)


# Equations, by hand
# ----------------------------------------------------------------------------------------------------------


def test_colours_as_oklab_has_them():
    """The values that Ottosson (2020) publishes for sRGB's primaries; greys on both sides of its bend."""
    primaries = colours.oklab(255 * np.eye(3))
    published = [[0.62796, 0.22486, 0.12585], [0.86644, -0.23389, 0.17950], [0.45201, -0.03246, -0.31153]]
    np.testing.assert_allclose(primaries, published, atol=1e-5)
    for v in (10, 11, 20, 255):
        linear = v / 255 / 12.92 if v / 255 <= 0.04045 else ((v / 255 + 0.055) / 1.055) ** 2.4
        np.testing.assert_allclose(colours.oklab([v, v, v]), [np.cbrt(linear), 0, 0], atol=1e-6)
    assert colours.distance([0, 0, 0], [255, 255, 255]) == pytest.approx(1, abs=1e-6)
    assert colours.nearest_name([200, 20, 20]) == "red" and colours.nearest_name([70, 70, 220]) == "blue"


def test_a_colour_is_chosen_that_nine_tenths_of_the_surroundings_differ_from(monkeypatch):
    white, random = np.array(colours.COLOURS["white"]), np.random.default_rng
    black = np.zeros((1, 3))
    others = [name for name in colours.COLOURS if name != "white"]
    assert colours.choose(random(0), np.repeat(black, 10, axis=0), others)[0] == "white"
    around = np.concatenate([np.repeat(black, 9, axis=0), white[None]])
    assert colours.choose(random(0), around, others)[0] == "white"
    assert colours.choose(random(0), np.concatenate([around, white[None]]), others) is None
    assert colours.choose(random(0), black, list(colours.COLOURS)) is None
    chosen = np.stack([colours.choose(random(n), black, others)[1] for n in range(200)])
    assert chosen.min() == 235 and chosen.max() == 255
    monkeypatch.setattr(colours, "distance", lambda a, b: np.full((len(a), len(b)), 0.15))
    assert colours.choose(random(0), black) is not None, "a distance of 0.15 is enough"


def test_points_on_the_outlines_of_kinds():
    """(x, y) with y down, in the circle's radius: on the outline, 0; its middle, by how much inside."""
    tenth, lobe = np.pi / 5, np.sqrt(0.5) * 0.5607
    on = {
        "disk": [(1, 0), (0.6, -0.8)],
        "ring": [(1, 0), (0, 0.52), (0.8, 0.6)],
        "square": [(np.sqrt(0.5), 0.3), (-0.1, -np.sqrt(0.5))],
        "triangle": [(0, -1), (np.sqrt(0.75), 0.5), (0, 0.5), (np.sqrt(3) / 4, -0.25)],
        "cross": [(0.3, 0.954), (0.954, -0.1), (-0.3, 0.5), (0.3, 0.3)],
        "star": [(0, -1), (np.sin(2 * tenth), -np.cos(2 * tenth)), (0, 0.42),
                 (0.42 * np.sin(tenth), -0.42 * np.cos(tenth))],
        "crescent": [(-1, 0), (0, 1), (-0.3, 0), (0.5, -0.8)],
        "heart": [(0, 3 * lobe - 0.1893), (0, -0.1893 - lobe), (lobe, -0.1893 - 0.5607)],
    }  # fmt: skip
    for kind, points in on.items():
        for sign in (1,) if kind == "crescent" else (1, -1):
            x, y = np.array(points).T
            assert world.KINDS[kind](sign * x, y) == pytest.approx(np.zeros(len(x)), abs=2e-4), kind
    middle = {"disk": -1, "ring": 0.52, "square": -np.sqrt(0.5), "triangle": -0.5, "cross": -0.3}
    for kind, distance in middle.items():
        assert world.KINDS[kind](np.zeros(1), np.zeros(1)) == pytest.approx([distance])


def test_what_lies_next_to_a_shape_and_how_much_of_a_pixel_it_covers():
    s = replace(shape("disk", (48, 48), 20, 0), distance=np.array([[-1, -0.5, 0, 0.25, 0.5, 3, 3.1]]))
    assert s.coverage.tolist() == [[1, 1, 0.5, 0.25, 0, 0, 0]]
    assert s.around.tolist() == [[False, False, False, True, True, True, False]]
    assert np.argwhere(replace(s, where=(slice(5, 6), slice(10, 17))).full).tolist() == [
        [5, 10], [5, 11], [5, 12],
    ]  # fmt: skip
    placed = shape("disk", (20, 5), 10, 0)
    assert placed.where == (slice(0, 14), slice(12, 29))  # three pixels around it, within the picture
    assert placed.distance[5, 8] == pytest.approx(np.hypot(0.5, 0.5) - 5)
    long = shape("heart", (48, 48), 40, np.pi / 2)  # its tip, below, is turned clockwise: to the left
    assert long.full[48, 30] and not long.full[48, 66]


def test_how_much_of_a_shape_must_be_seen():
    """64 pixels, and eight tenths of those whose centres lie in it, the outline counted."""
    for seen, pixels, enough in ((64, 80, True), (63, 70, False), (64, 81, False), (80, 100, True)):
        visible, distance = np.zeros(96 * 96, bool), np.ones(200)
        visible[:seen], distance[:pixels] = True, 0
        assert (
            is_enough(replace(shape("disk", (48, 48), 20, 0), visible=visible, distance=distance)) == enough
        )


@pytest.mark.parametrize("seed", range(6))
def test_strokes_are_laid_over_the_ground(seed):
    """All of the picture is asked of each, not only the part around it."""
    random, ground = np.random.default_rng(seed), np.full((40, 40, 3), 100.0)
    expected, at = ground.copy(), np.arange(40) + 0.5
    for _ in range(random.integers(2, 7)):
        points, width = clutter.stroke(random, 40)
        colour = colours.any_colour(random)
        covered = np.clip(0.5 - clutter.pen(at, at[:, None], points.tolist(), width), 0, 1)[..., None]
        expected = (1 - covered) * expected + covered * colour
    clutter.scatter(np.random.default_rng(seed), ground)
    np.testing.assert_allclose(ground, expected, atol=1e-4)


def test_a_pen():
    """Two segments, (2, 0)-(6, 0)-(6, 4), drawn 1 wide."""
    points = [(2.0, 0.0), (6.0, 0.0), (6.0, 4.0)]
    at = lambda x, y: clutter.pen(np.array([float(x)]), np.array([[float(y)]]), points, 1.0)[0, 0]  # noqa: E731
    assert [at(4, 0), at(4, 1), at(-1, 0), at(-1, 4), at(9, 3), at(6, 7)] == [-0.5, 0.5, 2.5, 4.5, 2.5, 2.5]
    grid = clutter.pen(np.arange(8.0), np.arange(3.0)[:, None], points, 1.0)
    assert grid.shape == (3, 8) and grid[1, 4] == at(4, 1)


def test_strokes_are_of_three_forms():
    found = {}
    for seed in range(300):
        points, width = clutter.stroke(np.random.default_rng(seed), 10)
        moves = np.diff(points, axis=0)
        lengths = np.hypot(*moves.T)
        np.testing.assert_allclose(lengths, lengths[0])
        headings = np.unwrap(np.arctan2(moves[:, 1], moves[:, 0]))
        turns = np.diff(headings)
        assert (turns[1:] * turns[:-1] < 0).all() and (abs(turns) >= 1).all() and (abs(turns) <= 2.4).all()
        assert (points[0] >= 0).all() and (points[0] <= 10).all()
        form = "scribble" if len(moves) > 1 else "bit" if lengths[0] < 8 else "line"
        found.setdefault(form, []).append((len(moves), lengths[0], width))
    ends = {form: (np.min(some, axis=0), np.max(some, axis=0)) for form, some in found.items()}
    assert ends["scribble"][0] == pytest.approx([3, 6, 1], abs=0.2)
    assert ends["scribble"][1] == pytest.approx([6, 11, 2], abs=0.2)
    for form, low, high in (("bit", [1, 2, 2], [1, 6, 4]), ("line", [1, 10, 1], [1, 40, 2.5])):
        assert ends[form][0] == pytest.approx(low, abs=0.8) and ends[form][1] == pytest.approx(high, abs=0.8)


def test_smooth_noise_joins_its_grid():
    grid = np.random.default_rng(0).random((3, 3))
    found = textures.smooth(np.random.default_rng(0), 2, 6)
    ease = lambda t: 3 * t**2 - 2 * t**3  # noqa: E731
    middles = (1 / 6, 1 / 2, 5 / 6)  # of the pixels of a cell
    rows = [grid[i] + ease(t) * (grid[i + 1] - grid[i]) for i in (0, 1) for t in middles]
    expected = [[r[j] + ease(t) * (r[j + 1] - r[j]) for j in (0, 1) for t in middles] for r in rows]
    np.testing.assert_allclose(found, expected)
    assert textures.sharpen(np.array([-1, -0.25, 0, 0.25, 1]), 1.0).tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_waves_and_gradients_run_across_the_picture():
    still = type("Still", (), {"uniform": lambda self, low, high: low})()
    wave = textures.wave(still, 8, 0.0, 2)  # two cycles along the columns
    np.testing.assert_allclose(wave, np.tile([0, 1, 0, -1], (8, 2)), atol=1e-12)
    np.testing.assert_allclose(textures.wave(still, 8, np.pi / 2, 2), wave.T, atol=1e-12)
    field = textures.gradient(still, 3)  # at angle 0
    np.testing.assert_allclose(field, np.tile([0.1, 0.5, 0.9], (3, 1)))
