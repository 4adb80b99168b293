"""What the committed table is made of: which network is measured on which pictures, by what, on how many."""

from dataclasses import dataclass

from gradcam.methods import CLASSIC, METHODS, RELATIVES

QUICK = tuple(m for m in CLASSIC if m != "occlusion")
ON_MAPS = ("pointing_game", "energy_pointing_game", "localisation")
MANY_PASSES = tuple(m for m in RELATIVES if METHODS[m].many_passes)
FEW_PASSES = ("grad_cam", *(m for m in RELATIVES if m not in MANY_PASSES))
IN_PASSES = ("rank_correlation", "deletion", "insertion")


@dataclass(frozen=True)
class Stage:
    """One file of rows.  kind: "maps" (one map of each method), "passes" (hundreds of forward passes each), "grid" or "sanity";
    "relatives_..." of Grad-CAM's relatives, with Grad-CAM beside them; "cost" of all methods."""

    network: str
    kind: str
    n: int
    methods: tuple
    measures: tuple = ()

    @property
    def name(self):
        return f"{self.network}_{self.kind}"


@dataclass(frozen=True, eq=False)
class Subject:
    """weights, photos: files in the data folder (None: those that ship; scenes); pictures: what they are; also: methods elsewhere."""

    network: str
    weights: str | None
    photos: str | None
    pictures: str
    also: tuple
    n: dict


SCENES = """\
Scenes of the shapes world's stream `test`, which no training saw; one of the shapes is asked for, and the truth is exactly what can be seen
of it."""
PHOTOS = "Imagenette photos with the boxes of ILSVRC 2012 around the class, none of them in a training set, squashed to {0} x {0} pixels."

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
            "cost": 2,
        },
    ),
)


def stages(subject):
    """In the order in which they are run: what is quick first."""
    quick, every = (*QUICK, *subject.also), (*CLASSIC, *subject.also)
    planned = {
        "maps": (quick, ON_MAPS),
        "grid": (quick, ("grid_pointing_game",)),
        "sanity": (every,),
        "passes": (every, (*ON_MAPS, *IN_PASSES)),
        "grid_occlusion": (("occlusion",), ("grid_pointing_game",)),
        "relatives_maps": (FEW_PASSES, ON_MAPS),
        "relatives_grid": (FEW_PASSES, ("grid_pointing_game",)),
        "relatives_many": (("grad_cam", *MANY_PASSES), ON_MAPS),
        "relatives_sanity": (FEW_PASSES,),
        "relatives_passes": (("grad_cam", *RELATIVES), (*ON_MAPS, *IN_PASSES)),
        "cost": (tuple(METHODS),),
    }
    return [
        Stage(subject.network, kind, subject.n[kind], *what)
        for kind, what in planned.items()
        if kind in subject.n
    ]
