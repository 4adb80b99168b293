"""gradcam caption: what is in the picture, in a sentence, and what each word saw."""

from gradcam.commands import _scene
from gradcam.commands._parser import described

DESCRIPTION = """\
Image captioning, on pictures of the shapes world: describe the picture in a sentence, and draw Grad-CAM
of the whole sentence and of each of its words: where did the network look when it said "red"?
"""
EXAMPLES = """\
Examples:
  gradcam caption
      the built-in scene: its caption, and a map for every word
  gradcam caption --scene 5 --beam 3
      another scene; the three best captions that a beam search finds
  gradcam caption --say "a red star"
      explain a caption of yours: where would the network see that?
"""


def register(subparsers):
    brief = "describe a picture in a sentence, and explain each word"
    parser = described(subparsers, "caption", brief, DESCRIPTION, EXAMPLES)
    _scene.options(parser, "caption")
    width = "width of the beam search; default: 1, a greedy search"
    parser.add_argument("--beam", metavar="WIDTH", type=int, default=1, help=width)
    parser.add_argument("--say", metavar="SENTENCE", help="explain this caption instead of the network's own")
    parser.set_defaults(run=run)


def run(args):
    import numpy as np

    from gradcam.asking import AskError
    from gradcam.commands._printing import say
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
            f"no sentence ended within {sentences.LONGEST} words; try a wider --beam, or another picture"
        )
    e = explain_caption(net, x, sentences.numbered(said) if said else found[0][1], layer)
    sentence, p = sentences.in_words(e.words), np.exp(e.log_p)

    from gradcam.show import save, words

    tiles = [words.Seen("the picture"), words.Seen("all of it", f"probability {percent(p.prod())}", e.whole)]
    each = [(net.card.words[w], percent(p_w), map) for w, p_w, map in zip(e.words, p, e.maps)]
    tiles += [words.Seen(word, f"probability {share}", map) for word, share, map in each if word != "."]
    save(words.words(crop_shown(image, net.card.preprocessing), sentence, tiles, layer), out)
    say(f"{called}, described by {net.card.title}:")
    for value, ended in found or [(float(e.log_p.sum()), e.words)]:
        say(f"  {sentences.in_words(ended)}  {percent(np.exp(value))}")
    say(*filter(None, [note, f"A map for every word is in {out}"]))
    return 0
