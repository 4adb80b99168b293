"""SqueezeNet.  Caffe: the authors' files.  DeepCompression: their 0.66 MB file, which has no names; our reader gives it these."""

SQUEEZENET = """
layer                           Caffe                           DeepCompression
conv{1,10}                      conv{1,10}                      conv{1,10}
fire{2,3,4,5,6,7,8,9}/squeeze1x1  fire{2,3,4,5,6,7,8,9}/squeeze1x1  fire{2,3,4,5,6,7,8,9}.squeeze1x1
fire{2,3,4,5,6,7,8,9}/expand1x1   fire{2,3,4,5,6,7,8,9}/expand1x1   fire{2,3,4,5,6,7,8,9}.expand1x1
fire{2,3,4,5,6,7,8,9}/expand3x3   fire{2,3,4,5,6,7,8,9}/expand3x3   fire{2,3,4,5,6,7,8,9}.expand3x3
"""

SQUEEZENET1_1 = """
layer    Caffe
*        *
"""

SQUEEZENET1_0_TORCHVISION = """
layer                              PyTorch
conv1                              features.0
fire{2,3,4,5,6,7,8,9}/squeeze1x1   features.{3,4,5,7,8,9,10,12}.squeeze
fire{2,3,4,5,6,7,8,9}/expand1x1    features.{3,4,5,7,8,9,10,12}.expand1x1
fire{2,3,4,5,6,7,8,9}/expand3x3    features.{3,4,5,7,8,9,10,12}.expand3x3
conv10                             classifier.1
"""

SQUEEZENET1_1_TORCHVISION = """
layer                              PyTorch
conv1                              features.0
fire{2,3,4,5,6,7,8,9}/squeeze1x1   features.{3,4,6,7,9,10,11,12}.squeeze
fire{2,3,4,5,6,7,8,9}/expand1x1    features.{3,4,6,7,9,10,11,12}.expand1x1
fire{2,3,4,5,6,7,8,9}/expand3x3    features.{3,4,6,7,9,10,11,12}.expand3x3
conv10                             classifier.1
"""

TABLES = {
    "squeezenet": SQUEEZENET, "squeezenet1_1": SQUEEZENET1_1,
    "squeezenet1_0_torchvision": SQUEEZENET1_0_TORCHVISION, "squeezenet1_1_torchvision": SQUEEZENET1_1_TORCHVISION,
}  # fmt: skip
