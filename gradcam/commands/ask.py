"""gradcam ask: the answer to a question about the picture, and where it was found."""

from gradcam.commands import _scene
from gradcam.commands._parser import described

DESCRIPTION = """\
Visual question answering, on pictures of the shapes world: answer a question, and draw Grad-CAM of the answer
and its counterfactual: where the evidence for the answer lies, and where the evidence against it.
"""
EXAMPLES = """\
Examples:
  gradcam ask "what colour is the star?"
      about the built-in scene
  gradcam ask "what is left of the star?" --scene 5
      about another scene; other questions: what shape is red? is there a ring? how many shapes are there?
  gradcam ask "what colour is the star?" --answer blue
      also explain an answer that the network did not give: what would speak for it?
"""


def register(subparsers):
    brief = "answer a question about a picture, and explain the answer"
    parser = described(subparsers, "ask", brief, DESCRIPTION, EXAMPLES)
    parser.add_argument("question", metavar="QUESTION", help='such as "what colour is the star?"')
    _scene.options(parser, "answer")
    parser.add_argument("--answer", metavar="WORD", nargs="+", default=[], help="explain these answers, too")
    parser.set_defaults(run=run)


def run(args):
    import numpy as np

    from gradcam.asking import one_of
    from gradcam.commands._printing import say
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
    say(f"{called}, seen by {net.card.title}:", f"{' '.join(asked)}?")
    for a in dict.fromkeys([*np.argsort(-p)[:3].tolist(), *others]):
        say(f"  {net.card.classes[a]:<9} {percent(p[a]):>7}")
    say(*filter(None, [doubt(p, net.card, "answer"), note, f"The maps of the answer are in {out}"]))
    return 0
