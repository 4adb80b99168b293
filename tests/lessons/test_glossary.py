"""The field's words stand where a reader would search for them, and lead to the glossary."""

import re
from pathlib import Path

import pytest

from lessons.course import lessons

HERE = Path(__file__).parents[2]
GLOSSARY = HERE / "lessons/glossary.md"
ENTRY = re.compile(r'^\| <a id="([^"]+)"></a>(.+?) \| (.+?) \| (.+?) \| (.+?) \| lesson (\d+) \|$', re.M)
LINK = re.compile(r"\]\(glossary\.md#([\w-]+)\)")

GL, README = "glossary", "README"
SEARCHED = {  # a term: where a reader would search for it
    "forward pass": (1, GL, README),
    "backward pass": (1, GL, README),
    "backpropagation": (1, 8, GL, README),
    "chain rule": (1, 5),
    "upstream gradient": (1, GL, README),
    "computational graph": (1, 5, GL),
    "gradient check": (1, 3, GL),
    "receptive field": (2, GL, README),
    "feature map": (2, GL, README),
    "kernel": (2, GL),
    "stride": (2, GL),
    "padding": (2, 11, GL),
    "cross-correlation": (2,),
    "max-pooling": (3, GL),
    "argmax": (3, GL),
    "unpooling": (3, GL),
    "logits": (4, 16, GL, README),
    "softmax": (4, GL, README),
    "one-hot": (4, GL),
    "fully connected": (4, GL),
    "skip connection": (5, 17, GL),
    "topological order": (5, GL),
    "hook": (5, 18, GL),
    "vanishing gradient": (5,),
    "cross-entropy": (6,),
    "learning rate": (6, GL),
    "stochastic gradient descent": (6, GL),
    "overfitting": (6, GL),
    "weight decay": (6,),
    "global average pooling": (6, 10, GL),
    "saliency map": (7, GL, README),
    "vanilla gradient": (GL,),
    "deconvnet": (3, 8, GL, README),
    "guided backpropagation": (8, GL, README),
    "class activation map": (10, GL),
    "heat map": (10, GL, README),
    "pointing game": (10, GL, README),
    "baseline": (11, 21, GL),
    "intersection over union": (12, GL),
    "counterfactual explanation": (12, GL),
    "occlusion sensitivity": (14, GL),
    "faithfulness": (14, GL),
    "model parameter randomisation": (15, GL),
    "pretrained weights": (16, GL),
    "state dict": (16, GL),
    "eval mode": (16, GL, README),
    "training mode": (16, GL),
    "bottleneck": (17, GL),
    "residual block": (5, 17, GL),
    "layer-wise relevance propagation": (19, GL, README),
    "im2col": (20, GL),
    "hidden state": (22, GL),
    "attention": (22, GL),
    "encoder": (22, GL),
    "decoder": (22, GL),
    "teacher forcing": (22, GL),
}


def text(place):
    """The text of a lesson, the glossary or the README, on one line."""
    if isinstance(place, int):
        return " ".join(re.sub(r"^# ?|\*", "", line) for line in prose(place))
    return " ".join((GLOSSARY if place == GL else HERE / "README.md").read_text("utf-8").split())


def prose(number):
    (lesson,) = (each for each in lessons() if each.number == number)
    return lesson.text.replace("*", "").splitlines()


@pytest.mark.parametrize("term", SEARCHED)
def test_a_term_stands_where_a_reader_would_search(term):
    assert len(SEARCHED) >= 40
    for place in SEARCHED[term]:
        assert term in text(place).lower(), f"'{term}' is not in {place}"


def test_every_entry_is_linked_from_a_lesson_or_said_there():
    entries = ENTRY.findall(GLOSSARY.read_text("utf-8"))
    assert len(entries) >= 40
    anchors = [anchor for anchor, *_ in entries]
    assert len(set(anchors)) == len(anchors)
    linked = {anchor for each in lessons() for anchor in LINK.findall(each.text)}
    assert linked <= set(anchors) and len(linked) >= 40
    for anchor, word, _, _, _, number in entries:
        first = re.split(r",|\$", word.strip("$\\ "))[0].strip()
        here = next(each.text for each in lessons() if each.number == int(number))
        assert anchor in LINK.findall(here) or first.lower() in here.lower(), (
            f"{word}: not in lesson {number}"
        )


def test_the_glossary_stands_in_the_order_of_the_alphabet_and_each_word_once():
    words = [word.lower().lstrip("$\\`") for _, word, *_ in ENTRY.findall(GLOSSARY.read_text("utf-8"))]
    assert words == sorted(words)
