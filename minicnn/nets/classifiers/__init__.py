"""Networks that tell classes apart: an architecture and its paper each.

alexnet        AlexNet in one column, 2014
blocks         what the VGGs are made of: convolutions, ReLUs and a max-pool
cifar_resnet   ResNet-20 and ResNet-56 for CIFAR-10, He et al. 2016
googlenet      GoogLeNet with its inception modules, Szegedy et al. 2015
lenet          LeNet's descendants, and the first networks of two courses
mini_vgg       a small VGG with global average pooling, which ships trained
mini_xception  mini-Xception for faces, Arriaga et al. 2017
resnet         ResNet-18, -34 and -50 for ImageNet, He et al. 2016
shapes         a small VGG for the kinds of the shapes world, which ships trained
small_vgg      small VGGs of two courses
squeezenet     SqueezeNet 1.0 and 1.1, Iandola et al. 2016
vgg            VGG-11, -13, -16 and -19, Simonyan & Zisserman 2015
"""
