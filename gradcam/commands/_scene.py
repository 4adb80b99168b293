"""The picture that a network of the shapes world looks at: a scene that was drawn, or a photo."""

import argparse

from gradcam.commands import _places

SCENE_NETWORK = "shapes"
SCENE, KINDS = 22, ["star", "ring"]  # the built-in one: a scene of `test`, which no training saw


def options(parser: argparse.ArgumentParser, ending: str) -> None:
    """The options that say which picture, and those that all commands for the shapes world share."""
    parser.add_argument(
        "photo",
        metavar="PHOTO",
        nargs="?",
        help="a picture file; without one, a built-in scene of two shapes",
    )
    parser.add_argument(
        "--scene", metavar="NUMBER", type=int, help="another scene, from 0; the network never saw any"
    )
    parser.add_argument(
        "--weights", metavar="FILE", help="weights that you trained (see weights/recipes); default: built in"
    )
    layer = "the layer whose feature maps Grad-CAM weighs; default: the network's own"
    parser.add_argument("--layer", metavar="NAME", help=layer)
    _places.option(parser, f"PHOTO_{ending}.png, or scene_{ending}.png")


def built_in(size=None):
    """The built-in scene, (H, W, 3) uint8; size: of its shapes, in pixels across."""
    from weights.recipes.shapes_world import scene

    return scene(SCENE, "test", kinds=KINDS, **({"size": size} if size else {})).picture


def picture(args):
    """What was asked for -> (picture, what to call it, what to know about it).  AskError if there is none."""
    from gradcam.asking import AskError
    from gradcam.image import read
    from weights.recipes.shapes_world import scene
    from weights.recipes.shapes_world.sentences import SIZE

    if args.photo is not None and args.scene is not None:
        raise AskError("give a photo or a scene's number, not both")
    if args.photo is not None:
        note = (
            "This network knows the shapes world only: drawn shapes of eight kinds and eight colours. "
            "What it says of a photo means little."
        )
        return read(args.photo), args.photo, note
    if args.scene is None:
        return built_in(SIZE), "The built-in scene", ""
    try:
        return scene(args.scene, "test", size=SIZE).picture, f"Scene {args.scene}", ""
    except ValueError as error:
        raise AskError(str(error)) from None


def out(args, ending):
    """Where the picture goes, and that it can."""
    return _places.place(args, _places.name_of(args.photo, ending))
