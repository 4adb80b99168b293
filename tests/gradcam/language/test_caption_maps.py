"""Grad-CAM of sentences, words and answers: by the definition, one signal at a time."""

import numpy as np
import pytest

from gradcam.language.sentences import explain_answer, explain_caption, to_the_stop
from minicnn import GraphError, LogSoftmax, Tensor, backward, find
from minicnn.nets.language.captioner import captioner
from minicnn.nets.language.vqa import vqa
from tests.support.cases import draw
from tests.support.compare import assert_close, relative

SENTENCE = np.array([1, 4, 12, 0])
QUESTIONS = np.array([0, 2, 3, 5, 6, 28, 1]), np.array([0, 2, 3, 5, 6, 29, 1])


@pytest.fixture(scope="module")
def nets():
    return captioner().initialise(2).astype(np.float64), vqa().initialise(2).astype(np.float64)


def scene():
    return draw("scene", 1, 3, 32, 32)


def slowly(y, at, A):
    """Eqs. 1 and 2 of one number y[at], written out, without the ReLU."""
    gy = np.zeros_like(y.data)
    gy[at] = 1
    dA = backward(y, gy, wrt=A)[0]
    return sum(dA[k].mean() * A.data[0, k] for k in range(len(dA)))


@pytest.mark.parametrize("layer", ["relu5_1", "sight", "relu4_2"])
def test_each_word_is_explained_by_its_log_probability(nets, layer):
    e = explain_caption(nets[0], scene(), SENTENCE, layer, relu=False)
    y = LogSoftmax()(nets[0](Tensor(scene()), SENTENCE[None]))
    A = find(y, layer)
    for t, word in enumerate(SENTENCE):
        assert_close(e.maps[t], slowly(y, (0, t, word), A))
        assert e.log_p[t] == pytest.approx(y.data[0, t, word], rel=1e-12)
        assert relative(e.maps[t], e.maps[t - 1]) > 0.01


def test_the_whole_sentence_is_the_sum_of_its_words_before_the_relu(nets):
    e = explain_caption(nets[0], scene(), SENTENCE, "relu5_1", relu=False)
    assert_close(e.whole, e.maps.sum(axis=0))
    assert e.whole.min() < 0 < e.whole.max()
    assert_close(explain_caption(nets[0], scene(), SENTENCE, "relu5_1").whole, np.maximum(e.whole, 0))


def test_a_word_knows_nothing_of_those_after_it(nets):
    other = np.array([1, 4, 13, 5, 0])
    first, second = (
        explain_caption(nets[0], scene(), words, "relu5_1", relu=False) for words in (SENTENCE, other)
    )
    assert_close(first.maps[:2], second.maps[:2])
    assert relative(first.maps[2], second.maps[2]) > 0.01


def test_a_sentence_ends_at_its_first_full_stop(nets):
    assert to_the_stop([3, 4, 0, 0, 0]).tolist() == [3, 4, 0] and to_the_stop([3, 4]).tolist() == [3, 4]
    padded = explain_caption(nets[0], scene(), [*SENTENCE, 0, 0], "relu5_1")
    assert padded.maps.shape == (4, 4, 4) and padded.words.tolist() == SENTENCE.tolist()


def test_an_answer_is_explained_by_its_score_and_its_counterfactual_is_its_negative(nets):
    scores, maps = explain_answer(nets[1], scene(), QUESTIONS[0], [3, 9], "relu5_1", relu=False)
    y = nets[1](Tensor(scene()), QUESTIONS[0][None, None])
    A = find(y, "relu5_1")
    for a, map in zip([3, 9], maps):
        assert_close(map, slowly(y, (0, 0, a), A))
    assert_close(scores, y.data[0, 0])
    assert relative(maps[0], maps[1]) > 0.01
    _, against = explain_answer(
        nets[1], scene(), QUESTIONS[0], [3], "relu5_1", relu=False, counterfactual=True
    )
    assert_close(against[0], -maps[0])


def test_another_question_is_another_map(nets):
    first, second = (explain_answer(nets[1], scene(), q, [3], "relu5_1", relu=False)[1] for q in QUESTIONS)
    assert relative(first, second) > 1e-4


def test_a_layer_that_is_not_there_is_named(nets):
    with pytest.raises(GraphError, match="no tensor is called 'relu9'"):
        explain_caption(nets[0], scene(), SENTENCE, "relu9")
