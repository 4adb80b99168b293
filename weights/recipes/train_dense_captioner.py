"""Train the dense captioner on scenes of the shapes world, and write it in float16.

    python -m weights.recipes.train_dense_captioner

Needs no data: the scenes are drawn first, in a minute or two.  Its CNN begins with the weights of
`shapes`, which knows the kinds already. The run may be killed at any moment: the same command goes on where
it was and ends with the same bits.  Settings were chosen on the world's stream `validation`, looked at
after each epoch; the scenes of `test` are drawn by `python -m gradcam.measure.study.regions` alone.

Boxes and sentences are learnt together, each from the truth: the regions whose sentences are learnt are
the true ones, moved about as much as found ones are.

So that Grad-CAM of a sentence lies in its region, the code of a region is mixed with that of a place
elsewhere in the picture, and the less of the region there is in it, the less sure of the words the network
is taught to be (after Verma et al. 2019, "Manifold mixup").  Then ln p of the words grows, along its
gradient by the code, from any other place towards the region; with that gradient, Grad-CAM weighs maps.
Words that are certain have no such slope: what is left of their gradient tells them from a competitor or
two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import weights
from minicnn import Add, Concat, LogSoftmax, Mul, Reshape, SigmoidCrossEntropy, Slice, Sum, Tensor, nets
from minicnn.layer import Layer
from minicnn.nets.language.boxes import anchors, encode, iou
from minicnn.nets.language.dense_captioner import SIDES, STEP
from minicnn.optimise import AdamW, one_cycle
from minicnn.training import Run, train
from minicnn.training.augment import to_input
from weights.recipes.command import begin, drawn, options
from weights.recipes.shapes_world import SIDE, regions
from weights.recipes.train_shapes import normalise

SCENES, VALIDATION = 8192, 300
PEAK, DECAY = 1.5e-3, 0.02
RARE = (
    0.01  # the probability of a shape that every anchor begins with (Lin et al. 2017, "Focal loss", sec. 4.1)
)
SHARES = (
    0.25,
    1.0,
    4.0,
    0.12,
)  # of the losses of scores, boxes, words, and of the mean of A, so that its maps are sparse
IS, IS_NOT = (
    0.5,
    0.35,
)  # an anchor that overlaps a shape this much is one, one that overlaps none by more than that is none
REGIONS = 4  # for each scene, whose sentences are learnt
OURS = (
    0.3,
    1.4,
)  # how much of a code is the region's own; the rest, or what is too much, is that of a place elsewhere
# the probability of a word where all of the code is the region's: less than 1, so that there is a slope
SURE = 0.68
NEAR = 0.8  # in how many cases that place lies in another shape, if there is one
ANCHORS = anchors((SIDE // STEP, SIDE // STEP), SIDES, STEP)
BATCH = np.dtype(
    [
        *(
            ("picture", "f4", (3, SIDE, SIDE)),
            ("boxes", "f4", (REGIONS, 4)),
            ("words", "i8", (REGIONS, regions.LONGEST)),
        ),
        *(("places", "f4", (REGIONS, 4)), ("ours", "f4", REGIONS)),
        *(("is", "f4", len(ANCHORS)), ("ignored", "?", len(ANCHORS)), ("offsets", "f4", (len(ANCHORS), 4))),
    ]
)


class Lesson(Layer):
    """The network, and what it is taught: a batch of records (BATCH) -> four losses (4,): of scores, boxes,
    words, maps.
    """

    def __init__(self, net: Layer) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        t, N = x.data, len(x.data)
        A, scores, offsets = self.net(Tensor(t["picture"], "x"))
        # "no" is said already where an anchor is not asked: nothing is learnt
        asked = Add()(scores, np.where(t["ignored"], np.float32(-100), np.float32(0)))
        there = SigmoidCrossEntropy()(asked, t["is"])
        away = Mul()(Add()(offsets, -t["offsets"]), t["is"][..., None])
        moved = Mul()(Sum()(Mul()(away, away)), np.float32(1 / N))  # per scene, as the others
        active = Mul()(Sum()(A), np.float32(1 / A.data.size))
        losses = (there, moved, self.said(A, t), active)
        return Mul()(Concat(axis=0)(*(Reshape((1,))(loss) for loss in losses)), np.float32(SHARES))

    def said(self, A: Tensor, t: Any) -> Tensor:
        """KL(q || p) of a word, in the mean: p is what the network says of a mixture, q what is taught of
        it.
        """
        words, ours = t["words"].reshape(-1, regions.LONGEST), t["ours"].reshape(-1, 1)
        picture, R = np.repeat(np.arange(len(t)), REGIONS), len(words)
        both = self.net.codes(
            A, np.concatenate([t["boxes"].reshape(-1, 4), t["places"].reshape(-1, 4)]), np.tile(picture, 2)
        )
        mixed = Add()(Mul()(Slice(slice(R))(both), ours), Mul()(Slice(slice(R, None))(both), 1 - ours))
        log_p = LogSoftmax()(self.net.words_after(mixed, words))
        q = taught(words, ours, log_p.shape[-1])
        return Mul()(Sum()(Mul()(Add()(log_p, -np.log(q)), -q)), np.float32(1 / words.size))


def total() -> Callable[[Tensor, Any], Tensor]:
    """The loss: the sum of the three shares."""
    return lambda losses, t: Sum()(losses)


def taught(words: np.ndarray, ours: np.ndarray, V: int) -> np.ndarray:
    """How probable each word should be: words (R, T), ours (R, 1) -> (R, T, V); what the right one lacks is
    shared by all.
    """
    sure = (SURE * ours)[..., None].astype(np.float32)
    return sure * (np.arange(V) == words[..., None]) + (1 - sure) / V


def near(losses: np.ndarray, t: Any) -> np.ndarray:
    """How near what is said is to what is taught: exp(-KL), 1 at best."""
    return np.exp(-losses[2:3] / SHARES[2])


def draw(scenes: int, split: str) -> tuple[np.ndarray, ...]:
    """Scenes 0 to scenes - 1 of a split -> pictures, boxes, words, as in `regions.batch`."""
    return drawn(regions.batch, scenes, split)


def sampler(
    pictures: np.ndarray, boxes: np.ndarray, words: np.ndarray
) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """The function that `train` draws batches from: scenes turned by quarters and mirrored, regions moved
    about.
    """

    def sample(numbers, random, progress):
        batch = np.zeros(len(numbers), BATCH)
        for record, n in zip(batch, numbers):
            there = ~np.isnan(boxes[n, :, 0])
            picture, true = turned(pictures[n], boxes[n, there], *random.integers((4, 2)))
            record["picture"] = normalise(to_input(picture[None]))[0]
            record["is"], record["ignored"], record["offsets"] = at_anchors(true)
            chosen = random.permutation(np.resize(np.arange(len(true)), REGIONS))
            record["boxes"], record["words"] = shaken(true[chosen], random), words[n, there][chosen]
            record["places"] = [elsewhere(box, true, random) for box in record["boxes"]]
            record["ours"] = random.uniform(*OURS, REGIONS)
        return batch, np.zeros(len(numbers))

    return sample


def turned(
    picture: np.ndarray, boxes: np.ndarray, quarters: int, mirrored: bool
) -> tuple[np.ndarray, np.ndarray]:
    """A picture (S, S, 3) and its boxes (B, 4), turned by quarters against the clock and then, perhaps,
    mirrored.
    """
    S = len(picture)
    for _ in range(quarters):
        x0, y0, x1, y1 = boxes.T
        boxes = np.stack([y0, S - x1, y1, S - x0], axis=1)
    picture = np.rot90(picture, quarters)
    if mirrored:
        x0, y0, x1, y1 = boxes.T
        picture, boxes = picture[:, ::-1], np.stack([S - x1, y0, S - x0, y1], axis=1)
    return picture, boxes


def at_anchors(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is asked of every anchor (Ren et al. 2015, sec. 3.1.2): whether it is a shape (K,), is not asked
    (K,), its offsets (K, 4).
    """
    overlap = iou(ANCHORS, boxes)
    best, nearest = overlap.max(axis=1), overlap.argmax(axis=1)
    there = best >= IS
    there[overlap.argmax(axis=0)] = True  # every shape has an anchor
    nearest[overlap.argmax(axis=0)] = np.arange(len(boxes))
    return there, (best > IS_NOT) & ~there, encode(boxes[nearest], ANCHORS) * there[:, None]


def shaken(boxes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Boxes (R, 4) moved by up to an eighth of their sides, and up to a fifth larger or smaller."""
    side = boxes[:, 2:] - boxes[:, :2]
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 + random.uniform(-1 / 8, 1 / 8, side.shape) * side
    half = side / 2 * np.exp(random.uniform(-0.2, 0.2, side.shape))
    return np.concatenate([centre - half, centre + half], axis=1)


def elsewhere(box: np.ndarray, true: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A box of one cell (4,) whose middle lies outside of a box.

    NEAR often it lies in another of the true ones (B, 4), else anywhere.
    """

    def outside(at):
        return (at < box[:2]).any() or (at > box[2:]).any()

    far = [other for other in true if outside((other[:2] + other[2:]) / 2)]
    x0, y0, x1, y1 = far[random.integers(len(far))] if far and random.random() < NEAR else (0, 0, SIDE, SIDE)
    at = random.uniform((x0, y0), (x1, y1))
    while not outside(at):
        at = random.uniform((x0, y0), (x1, y1))
    return np.concatenate([at - STEP / 2, at + STEP / 2])


def measure(
    net: Layer, pictures: np.ndarray, boxes: np.ndarray, words: np.ndarray, size: int = 50
) -> dict[str, float]:
    """recall: shapes found (IoU >= 0.5); accuracy: shapes found and rightly named; precision: found boxes
    that are a shape.
    """
    from weights.recipes.regions_found import figures, found

    every = [
        f
        for i in range(0, len(pictures), size)
        for f in found(net, normalise(to_input(pictures[i : i + size])))
    ]
    return figures(every, boxes, words)


def main(arguments: Sequence[str] | None = None) -> None:
    asked = options("dense_captioner", __doc__, epochs=6).parse_args(arguments)
    if asked.gpu:
        raise SystemExit("the dense captioner is trained on the CPU: leave out --gpu")
    started = time.monotonic()
    train_set, kept = draw(SCENES, "train"), draw(VALIDATION, "validation")
    print(f"{SCENES} scenes drawn in {time.monotonic() - started:.0f} s")
    net = begin(nets.dense_captioner(), asked)
    known = weights.load("shapes").arrays()
    for name, tensor in (net.early.arrays() | net.late.arrays()).items():
        tensor.data = known[name].data.astype(np.float32)
    net.rpn["anchors"].b.data[: len(SIDES)] = -np.log(1 / RARE - 1)
    run = Run(epochs=asked.epochs, batch=32, seed=asked.seed, shards=2, average=0.995)
    curves = train(
        *(Lesson(net), sampler(*train_set), SCENES, total, AdamW(decay=DECAY), one_cycle(PEAK), run),
        **{
            "hits": near,
            "checkpoint": asked.checkpoint,
            "validate": lambda lesson: measure(lesson.net, *kept),
        },
    )
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        asked.out, **{name: tensor.data.astype(np.float16) for name, tensor in net.arrays().items()}
    )
    curves.picture(asked.out.with_suffix(".png"), run.steps(SCENES))
    print(
        f"{asked.out}: {asked.out.stat().st_size / 1e6:.2f} MB, "
        f"{(time.monotonic() - started) / 60:.1f} minutes since this command began"
    )


if __name__ == "__main__":
    main()
