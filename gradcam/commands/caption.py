"""gradcam caption: what is in the picture, in a sentence, and what each word saw."""

import argparse

from gradcam.commands import _scene

EXAMPLES = """\
Examples:
  gradcam caption
      a built-in scene: the sentence, and a map for every word of it
  gradcam caption --scene 5 --beam 3
      another scene; the three best sentences that a beam search finds
  gradcam caption --say "a red star"
      what would speak for another sentence?
"""


def register(subparsers):
    raw = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser(
        "caption", help="say what is in a scene of shapes, and what each word saw", epilog=EXAMPLES, formatter_class=raw,
        description="Say what is in a scene of shapes, and draw Grad-CAM of the sentence and of each of its words.",
    )  # fmt: skip
    _scene.options(parser)
    parser.add_argument(
        "--beam",
        metavar="WIDTH",
        type=int,
        default=1,
        help="beginnings that are followed at a time; default: 1, greedily",
    )
    parser.add_argument(
        "--say", metavar="SENTENCE", help="explain this sentence instead of the network's own"
    )
    parser.add_argument(
        "--layer", metavar="NAME", help="feature maps for Grad-CAM; default: the network's own"
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="the picture: .png, .svg, .pdf or .jpg; default: PHOTO_caption.png, in this folder",
    )
    parser.set_defaults(run=run)


def run(args):
    import numpy as np

    from gradcam.commands._ask import AskError
    from gradcam.commands._words import vocabulary
    from gradcam.image import crop_shown, prepare
    from gradcam.language.sentences import explain_caption
    from gradcam.show.verdict import percent
    from minicnn.nets.language.decoding import beam
    from weights import load
    from weights.recipes.shapes_world import sentences

    if not 1 <= args.beam <= 20:
        raise AskError(f"a beam is 1 to 20 sentences wide, not {args.beam}")
    said = vocabulary(args.say, sentences.WORDS[1:], sentences.LONGEST - 1) if args.say is not None else None
    out = _scene.out(args, "caption")
    image, called, note = _scene.picture(args)
    net = load("captioner", args.weights)
    x, layer = prepare(image, net.card.preprocessing), args.layer or net.card.layer
    found = [] if said else beam(net, x, sentences.LONGEST, args.beam)[: args.beam]
    if not (said or found):
        raise AskError(
            f"no sentence came to its end within {sentences.LONGEST} words; try a wider --beam, or another picture"
        )
    e = explain_caption(net, x, sentences.numbered(said) if said else found[0][1], layer)
    sentence, p = sentences.in_words(e.words), np.exp(e.log_p)

    from gradcam.show import save, words

    tiles = [words.Seen("the picture"), words.Seen("all of it", f"probability {percent(p.prod())}", e.whole)]
    each = [(net.card.words[w], percent(p_w), map) for w, p_w, map in zip(e.words, p, e.maps)]
    tiles += [words.Seen(word, f"probability {share}", map) for word, share, map in each if word != "."]
    save(words.words(crop_shown(image, net.card.preprocessing), sentence, tiles, layer), out)
    print(f"{called}, told by {net.card.title}:")
    for value, ended in found or [(float(e.log_p.sum()), e.words)]:
        print(f"  {sentences.in_words(ended)}  {percent(np.exp(value))}")
    print(*filter(None, [note, f"A map for every word is in {out}"]), sep="\n")
    return 0
