"""gradcam regions: what a network finds in a picture, what it says of each region, and why."""

from gradcam.commands import _scene
from gradcam.commands._parser import described

DESCRIPTION = """\
Dense captioning, on pictures of the shapes world: find the regions that show something, describe each in a
sentence, and draw Grad-CAM of each description.
"""
EXAMPLES = """\
Examples:
  gradcam regions
      the built-in scene: its regions, a caption for each, and a map for each caption
  gradcam regions --scene 7 --out regions.pdf
      another scene, as a PDF
  gradcam regions --method hirescam
      HiResCAM weighs place by place, and so its maps stay inside their region
  gradcam regions --box 10 20 60 70 --words "a red star"
      a region and a sentence of yours: where would the network see that?
"""


def register(subparsers):
    brief = "find regions in a picture, describe each, and explain it"
    parser = described(subparsers, "regions", brief, DESCRIPTION, EXAMPLES)
    _scene.options(parser, "regions")
    corners = {"nargs": 4, "type": float, "action": "append", "metavar": ("X0", "Y0", "X1", "Y1")}
    box = "a region, in pixels from the upper left corner, instead of those that are found; may be repeated"
    parser.add_argument("--box", dest="boxes", help=box, **corners)
    words = "a sentence for each --box, instead of what the network says"
    parser.add_argument("--words", metavar="SENTENCE", action="append", help=words)
    parser.add_argument(
        "--method", metavar="NAME", default="grad_cam", help="grad_cam (the default), or hirescam"
    )
    parser.set_defaults(run=run)


def run(args):
    import numpy as np

    from gradcam.asking import AskError, one_of
    from gradcam.commands._printing import say
    from gradcam.image import crop_shown, prepare
    from gradcam.language.regions import explain_regions
    from gradcam.methods import METHODS
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
                f"--box {x0:g} {y0:g} {x1:g} {y1:g} is not in the picture, "
                f"which has {SIDE} x {SIDE} pixels for the network"
            )
    formulas = {"grad_cam": combine, "hirescam": place_by_place}
    method = one_of("method for regions", args.method, formulas)
    out = _scene.out(args, "regions")
    picture, called, note = _scene.picture(args)
    net = load("dense_captioner", args.weights)
    words = [_numbered(text, sentences, AskError) for text in args.words or []]
    x, photo = prepare(picture, net.card.preprocessing), crop_shown(picture, net.card.preprocessing)
    words = np.stack(words) if words else None
    regions = explain_regions(net, x, args.boxes, words, args.layer, weigh=formulas[method])
    said = [sentences.in_words(region.words) for region in regions]

    from gradcam.show import save  # Matplotlib is slow to import: mistakes are answered before
    from gradcam.show.regions import regions_panel
    from gradcam.show.verdict import percent

    save(regions_panel(photo, regions, said, args.layer or net.card.layer, METHODS[method].title), out)
    say(f"{called}, seen by {net.card.title}:")
    for region, text in zip(regions, said):
        box = " to ".join(f"({x:.0f}, {y:.0f})" for x, y in region.box.reshape(2, 2))
        sure = "" if np.isnan(region.probability) else f"a shape: {percent(region.probability)}, "
        say(f"  {text:<20} in {box}; {sure}these words: {percent(np.exp(region.log_p))}")
    end = f"{'The regions and their maps are' if regions else 'No region was found; the picture is'} in {out}"
    say(*filter(None, [note, end]))
    return 0


def _numbered(text, sentences, error):
    words = text.rstrip(" .").split()
    if not 0 < len(words) < sentences.LONGEST:
        raise error(f"'{text}' has {len(words)} words: a sentence has 1 to {sentences.LONGEST - 1}")
    try:
        return sentences.numbered(words)
    except KeyError as unknown:
        raise error(f"the network has no word {unknown}; it has {', '.join(sentences.WORDS[1:])}") from None
