"""What goes wrong out there, each thing as a change of a few lines to the reference.

hypothesis.py        Hypothesis, and Form, one of its variants
catalogue.py         HYPOTHESES: all of them, in the order of the steps
relu_rules.py        the rule of the backward pass is not the method's, or does not reach every ReLU
relevance_rules.py   LRP and excitation backprop: another rule, stabiliser or start
starts.py            the signal starts elsewhere, or with another value
averaging.py         Integrated Gradients and SmoothGrad: other pictures, another mean
wrong_layer.py       another layer, or two sides of a ReLU mixed
tokens.py            a transformer's tokens, taken for feature maps otherwise than they lie
without_gradient.py  Eigen-CAM, Score-CAM, Ablation-CAM, occlusion: other masks, weights, windows
combining.py         Grad-CAM's sum: its weights, its terms, its ReLU
upsampling.py        from the layer's size to the picture's
values.py            scales, signs, normalisation, orientation, precision
recipes.py           whole scripts, several deviations under one name
preprocessing.py     the picture is not what the network was trained on
resizing_photos.py   how a photo is brought to the network's size
scores.py            the network does not compute the same scores
"""
