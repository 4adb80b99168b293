"""Residual networks.  Ours have the names of torchvision's files (and Idelbayev's, for CIFAR), so those need no translation."""

SAME = """
layer    PyTorch
*        *
"""

RESNET50_KERAS = """
layer                               Keras
conv1                               conv1_conv
bn1                                 conv1_bn
layer1.{0,1,2}.conv{1,2,3}          conv2_block{1,2,3}_{1,2,3}_conv
layer1.{0,1,2}.bn{1,2,3}            conv2_block{1,2,3}_{1,2,3}_bn
layer2.{0,1,2,3}.conv{1,2,3}        conv3_block{1,2,3,4}_{1,2,3}_conv
layer2.{0,1,2,3}.bn{1,2,3}          conv3_block{1,2,3,4}_{1,2,3}_bn
layer3.{0,1,2,3,4,5}.conv{1,2,3}    conv4_block{1,2,3,4,5,6}_{1,2,3}_conv
layer3.{0,1,2,3,4,5}.bn{1,2,3}      conv4_block{1,2,3,4,5,6}_{1,2,3}_bn
layer4.{0,1,2}.conv{1,2,3}          conv5_block{1,2,3}_{1,2,3}_conv
layer4.{0,1,2}.bn{1,2,3}            conv5_block{1,2,3}_{1,2,3}_bn
layer{1,2,3,4}.0.downsample.0       conv{2,3,4,5}_block1_0_conv
layer{1,2,3,4}.0.downsample.1       conv{2,3,4,5}_block1_0_bn
fc                                  predictions
"""

TABLES = {name: SAME for name in ("resnet18", "resnet34", "resnet50", "resnet20", "resnet56")} | {"resnet50_keras": RESNET50_KERAS}
