"""The picture that a network of the shapes world looks at: a scene of it, or a photo."""

SCENE, KINDS = 22, ["star", "ring"]  # the built-in one: a scene of `test`, which no training saw


def options(parser):
    parser.add_argument(
        "photo",
        metavar="PHOTO",
        nargs="?",
        help="any picture file; without one, a built-in scene of two shapes",
    )
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="weights that you trained (see weights/recipes); default: those that ship",
    )
    parser.add_argument(
        "--scene",
        metavar="NUMBER",
        type=int,
        help="another scene: a number from 0, of those that no training saw",
    )


def picture(args):
    """What was asked for -> (picture, what to call it, what to know about it)"""
    from gradcam.commands._ask import AskError
    from gradcam.image import read
    from weights.recipes.shapes_world import scene
    from weights.recipes.shapes_world.sentences import SIZE

    if args.photo and args.scene is not None:
        raise AskError("give a photo or a scene's number, not both")
    if args.photo:
        note = "This network knows the shapes world only: drawn shapes of eight kinds and eight colours. Of a photo it says what it can."
        return read(args.photo), args.photo, note
    if args.scene is None:
        return scene(SCENE, "test", kinds=KINDS, size=SIZE).picture, "The built-in scene", ""
    try:
        return scene(args.scene, "test", size=SIZE).picture, f"Scene {args.scene}", ""
    except ValueError as error:
        raise AskError(str(error)) from None


def out(args, ending):
    """Where the picture goes, and that it can."""
    from pathlib import Path

    from gradcam.show.saving import SaveError, check

    path = check(args.out or f"{Path(args.photo).stem if args.photo else 'scene'}_{ending}.png")
    if args.photo and path.exists() and path.samefile(args.photo):
        raise SaveError(
            f"{path}: the picture would overwrite what it is made from; name another file with --out"
        )
    return path
