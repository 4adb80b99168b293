"""gradcam ask: the answer to a question about the picture, and where it was found."""

import argparse

from gradcam.commands import _scene

EXAMPLES = """\
Examples:
  gradcam ask "what colour is the star?"
      about a built-in scene: the answer, where it was found, and what speaks against it
  gradcam ask "what is left of the star?" --scene 5
      about another scene; also: what shape is red? is there a ring? how many shapes are there?
  gradcam ask "what colour is the star?" --answer blue
      what would speak for another answer?
"""


def register(subparsers):
    raw = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser(
        "ask", help="ask about a scene of shapes, and see where the answer was found", epilog=EXAMPLES, formatter_class=raw,
        description="Answer a question about a scene of shapes, and draw Grad-CAM of the answer and of what speaks against it.",
    )  # fmt: skip
    parser.add_argument("question", metavar="QUESTION", help='such as "what colour is the star?"')
    _scene.options(parser)
    parser.add_argument("--answer", metavar="WORD", nargs="+", default=[], help="explain these answers, too")
    parser.add_argument(
        "--layer", metavar="NAME", help="feature maps for Grad-CAM; default: the network's own"
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="the picture: .png, .svg, .pdf or .jpg; default: PHOTO_answer.png, in this folder",
    )
    parser.set_defaults(run=run)


def run(args):
    import numpy as np

    from gradcam.commands._ask import one_of
    from gradcam.commands._words import vocabulary
    from gradcam.image import crop_shown, prepare
    from gradcam.language.sentences import explain_answer
    from gradcam.show.verdict import doubt, percent
    from minicnn.ops.softmax import log_softmax
    from weights import load
    from weights.recipes.shapes_world import questions

    asked = vocabulary(args.question, questions.WORDS[2:], questions.LONGEST - 1)
    others = [questions.ANSWERS.index(one_of("answer", a, questions.ANSWERS)) for a in args.answer]
    out = _scene.out(args, "answer")
    image, called, note = _scene.picture(args)
    net = load("vqa", args.weights)
    x, layer = prepare(image, net.card.preprocessing), args.layer or net.card.layer
    question = questions.numbered(asked)
    best = int(net(x, question[None, None])[0, 0].argmax())
    answers = list(dict.fromkeys([best, *others]))
    scores, maps = explain_answer(net, x, question, answers, layer)
    _, against = explain_answer(net, x, question, answers, layer, counterfactual=True)
    p = np.exp(log_softmax(scores))

    from gradcam.show import save, words

    tiles = [words.Seen("the picture")]
    for a, map, other in zip(answers, maps, against):
        tiles.append(words.Seen(net.card.classes[a], f"probability {percent(p[a])}", map))
        tiles.append(words.Seen(f"against {net.card.classes[a]}", "counterfactual", other))
    heading = f"{' '.join(asked)}? {net.card.classes[best]}"
    save(words.words(crop_shown(image, net.card.preprocessing), heading, tiles, layer), out)
    print(f"{called}, seen by {net.card.title}:")
    print(f"{' '.join(asked)}?")
    for a in dict.fromkeys([*np.argsort(-p)[:3].tolist(), *others]):
        print(f"  {net.card.classes[a]:<9} {percent(p[a]):>7}")
    print(*filter(None, [doubt(p, net.card, "answer"), note, f"Where it was found is in {out}"]), sep="\n")
    return 0
