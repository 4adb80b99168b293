"""VGG.  PyTorch: torchvision's files.  Keras: keras.applications.  Caffe: the authors' own files."""

VGG16 = """
layer            PyTorch                   Keras                 Caffe
conv1_{1,2}      features.{0,2}            block1_conv{1,2}      conv1_{1,2}
conv2_{1,2}      features.{5,7}            block2_conv{1,2}      conv2_{1,2}
conv3_{1,2,3}    features.{10,12,14}       block3_conv{1,2,3}    conv3_{1,2,3}
conv4_{1,2,3}    features.{17,19,21}       block4_conv{1,2,3}    conv4_{1,2,3}
conv5_{1,2,3}    features.{24,26,28}       block5_conv{1,2,3}    conv5_{1,2,3}
fc6              classifier.0              fc1[7x7x512]          fc6
fc7              classifier.3              fc2                   fc7
fc8              classifier.6              predictions           fc8
"""

VGG19 = """
layer            PyTorch                   Keras                 Caffe
conv1_{1,2}      features.{0,2}            block1_conv{1,2}      conv1_{1,2}
conv2_{1,2}      features.{5,7}            block2_conv{1,2}      conv2_{1,2}
conv3_{1,2,3,4}  features.{10,12,14,16}    block3_conv{1,2,3,4}  conv3_{1,2,3,4}
conv4_{1,2,3,4}  features.{19,21,23,25}    block4_conv{1,2,3,4}  conv4_{1,2,3,4}
conv5_{1,2,3,4}  features.{28,30,32,34}    block5_conv{1,2,3,4}  conv5_{1,2,3,4}
fc6              classifier.0              fc1[7x7x512]          fc6
fc7              classifier.3              fc2                   fc7
fc8              classifier.6              predictions           fc8
"""

VGG11 = """
layer            PyTorch
conv1_1          features.0
conv2_1          features.3
conv3_{1,2}      features.{6,8}
conv4_{1,2}      features.{11,13}
conv5_{1,2}      features.{16,18}
fc{6,7,8}        classifier.{0,3,6}
"""

VGG13 = """
layer            PyTorch
conv1_{1,2}      features.{0,2}
conv2_{1,2}      features.{5,7}
conv3_{1,2}      features.{10,12}
conv4_{1,2}      features.{15,17}
conv5_{1,2}      features.{20,22}
fc{6,7,8}        classifier.{0,3,6}
"""

VGG11_BN = """
layer                  PyTorch
{conv,bn}1_1           features.{0,1}
{conv,bn}2_1           features.{4,5}
{conv,bn}3_{1,2}       features.{8,11,9,12}
{conv,bn}4_{1,2}       features.{15,18,16,19}
{conv,bn}5_{1,2}       features.{22,25,23,26}
fc{6,7,8}              classifier.{0,3,6}
"""

VGG13_BN = """
layer                  PyTorch
{conv,bn}1_{1,2}       features.{0,3,1,4}
{conv,bn}2_{1,2}       features.{7,10,8,11}
{conv,bn}3_{1,2}       features.{14,17,15,18}
{conv,bn}4_{1,2}       features.{21,24,22,25}
{conv,bn}5_{1,2}       features.{28,31,29,32}
fc{6,7,8}              classifier.{0,3,6}
"""

VGG16_BN = """
layer                  PyTorch
{conv,bn}1_{1,2}       features.{0,3,1,4}
{conv,bn}2_{1,2}       features.{7,10,8,11}
{conv,bn}3_{1,2,3}     features.{14,17,20,15,18,21}
{conv,bn}4_{1,2,3}     features.{24,27,30,25,28,31}
{conv,bn}5_{1,2,3}     features.{34,37,40,35,38,41}
fc{6,7,8}              classifier.{0,3,6}
"""

VGG19_BN = """
layer                  PyTorch
{conv,bn}1_{1,2}       features.{0,3,1,4}
{conv,bn}2_{1,2}       features.{7,10,8,11}
{conv,bn}3_{1,2,3,4}   features.{14,17,20,23,15,18,21,24}
{conv,bn}4_{1,2,3,4}   features.{27,30,33,36,28,31,34,37}
{conv,bn}5_{1,2,3,4}   features.{40,43,46,49,41,44,47,50}
fc{6,7,8}              classifier.{0,3,6}
"""

TABLES = {
    "vgg11": VGG11, "vgg13": VGG13, "vgg16": VGG16, "vgg19": VGG19,
    "vgg11_bn": VGG11_BN, "vgg13_bn": VGG13_BN, "vgg16_bn": VGG16_BN, "vgg19_bn": VGG19_BN,
}  # fmt: skip
