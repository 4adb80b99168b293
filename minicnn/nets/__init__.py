"""Networks under their published layer names.

Each function builds one with zero weights: then `initialise`, or load them.
"""

from minicnn.nets.classifiers.alexnet import alexnet
from minicnn.nets.classifiers.cifar_resnet import resnet20, resnet56
from minicnn.nets.classifiers.googlenet import googlenet, googlenet_caffe
from minicnn.nets.classifiers.lenet import captum_cifar, keras1_cifar10, keras1_mnist, lenet
from minicnn.nets.classifiers.mini_resnet import mini_resnet
from minicnn.nets.classifiers.mini_vgg import mini_vgg
from minicnn.nets.classifiers.mini_xception import mini_xception
from minicnn.nets.classifiers.resnet import resnet18, resnet34, resnet50, resnet50_caffe, resnet50_keras
from minicnn.nets.classifiers.shapes import shapes
from minicnn.nets.classifiers.small_vgg import deep_convnet, udacity_cifar
from minicnn.nets.classifiers.squeezenet import (
    squeezenet,
    squeezenet1_0_torchvision,
    squeezenet1_1,
    squeezenet1_1_torchvision,
)
from minicnn.nets.classifiers.vgg import vgg11, vgg13, vgg16, vgg16_convolutions, vgg16_gap, vgg19
from minicnn.nets.folding import fold
from minicnn.nets.language.captioner import captioner
from minicnn.nets.language.dense_captioner import dense_captioner
from minicnn.nets.language.vqa import vqa

__all__ = [
    "alexnet", "captioner", "captum_cifar", "deep_convnet", "dense_captioner", "fold", "googlenet",
    "googlenet_caffe", "keras1_cifar10", "keras1_mnist", "lenet", "mini_resnet", "mini_vgg",
    "mini_xception", "resnet18", "resnet20", "resnet34", "resnet50", "resnet50_caffe", "resnet50_keras",
    "resnet56", "shapes", "squeezenet", "squeezenet1_0_torchvision", "squeezenet1_1",
    "squeezenet1_1_torchvision", "udacity_cifar", "vgg11", "vgg13", "vgg16", "vgg16_convolutions",
    "vgg16_gap", "vgg19", "vqa",
]  # fmt: skip
