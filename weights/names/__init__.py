"""From the names and layouts of a published file to our own: one table per network, `names` in zoo.toml.

A table has a column for our layers and one for each source that publishes the network; a row says which
layer of theirs becomes which of ours.  Braces are expanded as in a shell, and the columns go in step:

    layer          PyTorch           Keras               Caffe
    conv1_{1,2}    features.{0,2}    block1_conv{1,2}    conv1_{1,2}
    fc6            classifier.0      fc1[7x7x512]        fc6
    bn1            features.1        -                   bn1+scale1
    *              *                 -                   -
    left_out       aux1.fc           -                   -

conv1: features.0 is our conv1_1, features.2 is conv1_2.  fc6: Keras counts its inputs as (H, W, C), ours is
(C, H, W).  bn1: in Caffe two layers, mean and variance, gamma and beta.  *: every other layer keeps its name.
left_out: layers of theirs that only training uses.

How each source spells a layer's weights, and in which order their axes are, stands in sources.py.
"""
