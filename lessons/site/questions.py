"""Questions, many of them asked in public by readers of the papers, and the lesson
whose experiment answers each.
"""

QUESTIONS = {
    4: "Is the gradient of the score like that of the probability?",
    9: "Why does guided backprop show negative pixels, and are they evidence against "
    "the class?",
    11: "Why should strong activation matter, when a bias can shift zero anywhere?",
    12: "Why the ReLU at the end of Grad-CAM?",
    14: "Does occlusion give the same answer, and at how many times the cost?",
    15: "Which maps do not notice that the network was randomised?",
    16: "Which import mistakes does accuracy not notice?",
    17: "Why can a deconvnet map be exactly zero?",
    19: "Does conserving the score make a map better?",
    20: "Which gates flip between two ways of computing, and what do they cost?",
    21: "Which of Grad-CAM's relatives lose the class?",
    22: "Whose map is the map of a whole sentence?",
}
