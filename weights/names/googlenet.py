"""GoogLeNet: each of the two has the names of its source.  What is left out are the heads that only training uses."""

GOOGLENET = """
layer       PyTorch
*           *
left_out    aux1.conv.conv aux1.conv.bn aux1.fc{1,2} aux2.conv.conv aux2.conv.bn aux2.fc{1,2}
"""

GOOGLENET_CAFFE = """
layer       Caffe
*           *
left_out    loss{1,2}/conv loss{1,2}/fc loss{1,2}/classifier
"""

TABLES = {"googlenet": GOOGLENET, "googlenet_caffe": GOOGLENET_CAFFE}
