"""Questions that readers of the papers ask in public, and the lesson whose experiment answers each."""

QUESTIONS = {
    4: "Is the gradient of the score like that of the probability?",
    9: "Why does guided backprop show negative pixels, and are they evidence against the class?",
    11: "Why should strong activation matter, when a bias can shift zero anywhere?",
    12: "Why the ReLU at the end of Grad-CAM?",
    14: "Does occlusion give the same answer, and at how many times the cost?",
    15: "Which maps do not notice that the network was randomised?",
}
