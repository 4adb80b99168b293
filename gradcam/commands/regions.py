"""gradcam regions: what a network finds in a picture, what it says of each region, and why."""

import argparse

from gradcam.commands import _scene

EXAMPLES = """\
Examples:
  gradcam regions
      a built-in scene: the regions that the built-in network finds, a caption for each, and Grad-CAM of each caption
  gradcam regions --scene 7 --out regions.pdf
      another scene of the shapes world
  gradcam regions --method hirescam
      maps that weigh place by place and cannot leave their region
  gradcam regions --box 10 20 60 70 --words "a red star"
      a region of your choice, and a sentence that the network would not have said: where would it see that?
"""


def register(subparsers):
    parser = subparsers.add_parser(
        "regions", help="find regions, say what each shows, and explain it", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Dense captioning of a scene of the shapes world: regions, a caption for each, and Grad-CAM of each caption.",
    )  # fmt: skip
    _scene.options(parser)
    numbers = {"nargs": 4, "type": float, "action": "append", "metavar": ("X0", "Y0", "X1", "Y1")}
    parser.add_argument(
        "--box",
        dest="boxes",
        help="a region in pixels, instead of those that are found; may be repeated",
        **numbers,
    )
    parser.add_argument(
        "--words", action="append", help="a sentence for each --box, instead of what the network says"
    )
    parser.add_argument(
        "--layer",
        metavar="NAME",
        help="feature maps for Grad-CAM (default: relu5, which the regions are cut from)",
    )
    parser.add_argument(
        "--method",
        metavar="NAME",
        default="grad_cam",
        help="grad_cam (default), or hirescam, which stays in its region",
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="the picture: .png, .svg, .pdf or .jpg; default: PHOTO_regions.png, in this folder",
    )
    parser.set_defaults(run=run)


def run(args):
    import numpy as np

    from gradcam.commands._ask import AskError, one_of
    from gradcam.image import crop_shown, prepare
    from gradcam.language.regions import explain_regions
    from gradcam.methods.grad_cam import combine
    from gradcam.methods.hirescam import combine as place_by_place
    from weights import load
    from weights.recipes.shapes_world import SIDE, sentences

    if args.words and len(args.words) != len(args.boxes or []):
        raise AskError(
            f"{len(args.words)} sentences need as many boxes; write --box X0 Y0 X1 Y1 before each --words"
        )
    for x0, y0, x1, y1 in args.boxes or []:
        if not (x0 < x1 and y0 < y1):
            raise AskError(
                f"--box {x0:g} {y0:g} {x1:g} {y1:g} has no inside: X1 must be beyond X0, and Y1 beyond Y0"
            )
        if not (x0 >= 0 and y0 >= 0 and x1 <= SIDE and y1 <= SIDE):
            raise AskError(
                f"--box {x0:g} {y0:g} {x1:g} {y1:g} is not in the picture, which has {SIDE} x {SIDE} pixels for the network"
            )
    formulas = {"grad_cam": combine, "hirescam": place_by_place}
    weigh = formulas[one_of("method for regions", args.method, formulas)]
    out = _scene.out(args, "regions")
    picture, called, note = _scene.picture(args)
    net = load("dense_captioner", args.weights)
    words = [_numbered(text, sentences, AskError) for text in args.words or []]
    x, photo = prepare(picture, net.card.preprocessing), crop_shown(picture, net.card.preprocessing)
    regions = explain_regions(net, x, args.boxes, np.stack(words) if words else None, args.layer, weigh=weigh)
    said = [sentences.in_words(region.words) for region in regions]

    from gradcam.show import save  # Matplotlib is slow to import: mistakes are answered before
    from gradcam.show.regions import regions_panel
    from gradcam.show.verdict import percent

    name = {"grad_cam": "Grad-CAM", "hirescam": "HiResCAM"}[args.method]
    save(regions_panel(photo, regions, said, args.layer or net.card.layer, name), out)
    print(f"{called}, seen by {net.card.title}:")
    for region, text in zip(regions, said):
        box = " to ".join(f"({x:.0f}, {y:.0f})" for x, y in region.box.reshape(2, 2))
        sure = "" if np.isnan(region.probability) else f"a shape: {percent(region.probability)}, "
        print(f"  {text:<20} in {box}; {sure}these words: {percent(np.exp(region.log_p))}")
    end = f"{'The regions and their maps are' if regions else 'No region was found; the picture is'} in {out}"
    print(*filter(None, [note, end]), sep="\n")
    return 0


def _numbered(text, sentences, error):
    words = text.rstrip(" .").split()
    if not 0 < len(words) < sentences.LONGEST:
        raise error(f"'{text}' has {len(words)} words: a sentence has 1 to {sentences.LONGEST - 1}")
    try:
        return sentences.numbered(words)
    except KeyError as unknown:
        raise error(f"the network has no word {unknown}; it has {', '.join(sentences.WORDS[1:])}") from None
