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

RESNET50_CAFFE = """
layer                               Caffe
conv1                               conv1
bn1                                 bn_conv1+scale_conv1
layer1.{0,1,2}.conv{1,2,3}          res2{a,b,c}_branch2{a,b,c}
layer1.{0,1,2}.bn{1,2,3}            bn2{a,b,c}_branch2{a,b,c}+scale2{a,b,c}_branch2{a,b,c}
layer2.{0,1,2,3}.conv{1,2,3}        res3{a,b,c,d}_branch2{a,b,c}
layer2.{0,1,2,3}.bn{1,2,3}          bn3{a,b,c,d}_branch2{a,b,c}+scale3{a,b,c,d}_branch2{a,b,c}
layer3.{0,1,2,3,4,5}.conv{1,2,3}    res4{a,b,c,d,e,f}_branch2{a,b,c}
layer3.{0,1,2,3,4,5}.bn{1,2,3}      bn4{a,b,c,d,e,f}_branch2{a,b,c}+scale4{a,b,c,d,e,f}_branch2{a,b,c}
layer4.{0,1,2}.conv{1,2,3}          res5{a,b,c}_branch2{a,b,c}
layer4.{0,1,2}.bn{1,2,3}            bn5{a,b,c}_branch2{a,b,c}+scale5{a,b,c}_branch2{a,b,c}
layer{1,2,3,4}.0.downsample.0       res{2,3,4,5}a_branch1
layer{1,2,3,4}.0.downsample.1       bn{2,3,4,5}a_branch1+scale{2,3,4,5}a_branch1
fc                                  fc1000
"""

TABLES = {name: SAME for name in ("resnet18", "resnet34", "resnet50", "resnet20", "resnet56")} | {
    "resnet50_keras": RESNET50_KERAS, "resnet50_caffe": RESNET50_CAFFE,
}  # fmt: skip
