"""What the published networks were trained on, from their publishers' pages, and not from our table."""

import pytest

from weights.names.table import parse
from weights.zoo import available, network

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
NONE = (1.0, 1.0, 1.0)
VGG_BGR, CAFFE_BGR = (103.939, 116.779, 123.68), (104.0, 117.0, 123.0)
# resize, size, crop, channels, scale, mean, deviation
TORCH = ("short", 256, 224, "RGB", 1.0, *IMAGENET)
FROM_VGG = ("short", 256, 224, "BGR", 255.0, VGG_BGR, NONE)
SQUEEZE = ("short", 256, 227, "BGR", 255.0, CAFFE_BGR, NONE)
SMALL = ("short", 32, 32, "RGB", 1.0)
DIGIT = ("short", 28, 28, "L")
SHAPES = ("squash", 96, 96, "RGB", 1.0, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


def each(names, prepared):
    return dict.fromkeys(names, prepared)


PREPARED = {
    **each(["mini_vgg", "mini_resnet"], {None: ("squash", 96, 96, "RGB", 1.0, *IMAGENET)}),
    **each(["shapes", "captioner", "vqa", "dense_captioner"], {None: SHAPES}),
    **each(["vgg16", "vgg19"], {"PyTorch": TORCH, "Keras": FROM_VGG, "Caffe": FROM_VGG}),
    "vgg16_gap": {None: ("squash", 224, 224, "BGR", 255.0, VGG_BGR, NONE)},
    **each(
        ["vgg11", "vgg13", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn", "alexnet", "resnet18", "resnet34",
         "resnet50", "squeezenet1_0_torchvision", "squeezenet1_1_torchvision"], {"PyTorch": TORCH},
    ),
    "squeezenet": {"Caffe": SQUEEZE, "DeepCompression": SQUEEZE}, "squeezenet1_1": {"Caffe": SQUEEZE},
    "resnet50_keras": {"Keras": FROM_VGG}, "resnet50_caffe": {"Caffe": FROM_VGG},
    "googlenet": {"PyTorch": ("short", 256, 224, "RGB", 1.0, *HALF)},
    "googlenet_caffe": {"Caffe": ("short", 256, 224, "BGR", 255.0, CAFFE_BGR, NONE)},
    **each(["resnet20", "resnet56"], {"PyTorch": (*SMALL, *IMAGENET)}),
    **each(["udacity_cifar", "udacity_cifar_augmented"], {"PyTorch": (*SMALL, *HALF)}),
    "captum_cifar": {"PyTorch": (*SMALL, *HALF)},
    "keras1_cifar10": {"Keras": (*SMALL, (0.0, 0.0, 0.0), NONE)},
    "deep_convnet": {"book": (*DIGIT, 1.0, (0.0,), (1.0,))},
    "keras1_mnist": {"Keras": (*DIGIT, 1.0, (0.0,), (1.0,))},
    "lenet": {"Caffe": (*DIGIT, 255 / 256, (0.0,), (1.0,))},
    "mini_xception": {"Keras": ("short", 64, 64, "L", 1.0, (0.5,), (0.5,))},
}  # fmt: skip
LAYERS = {
    "mini_vgg": "relu4_2", "mini_resnet": "layer4.1", "shapes": "relu4_2", "captioner": "sight",
    "vqa": "relu5_1", "dense_captioner": "relu5", "vgg11": "relu5_2", "vgg13": "relu5_2",
    "vgg16": "relu5_3", "vgg16_gap": "relu5_3", "vgg19": "relu5_4", "vgg11_bn": "relu5_2",
    "vgg13_bn": "relu5_2", "vgg16_bn": "relu5_3", "vgg19_bn": "relu5_4", "alexnet": "relu5",
    "squeezenet": "fire9", "squeezenet1_1": "fire9", "squeezenet1_0_torchvision": "fire9",
    "squeezenet1_1_torchvision": "fire9", "resnet18": "layer4.1", "resnet34": "layer4.2",
    "resnet50": "layer4.2", "resnet50_keras": "layer4.2", "resnet50_caffe": "layer4.2",
    "googlenet": "inception5b", "googlenet_caffe": "inception_5b/output", "resnet20": "layer3.2",
    "resnet56": "layer3.8", "udacity_cifar": "relu3", "udacity_cifar_augmented": "relu3",
    "captum_cifar": "relu2", "deep_convnet": "relu6", "lenet": "pool2", "keras1_mnist": "relu2",
    "keras1_cifar10": "relu2", "mini_xception": "module4",
}  # fmt: skip
SOME_OF_IMAGENET = {
    0: "tench", 1: "goldfish", 207: "golden retriever", 243: "bull mastiff", 281: "tabby", 282: "tiger cat",
    340: "zebra", 386: "African elephant", 388: "giant panda", 817: "sports car", 954: "banana", 985: "daisy",
    999: "toilet tissue",
}  # fmt: skip
CLASSES = {
    "mini_vgg": "tench,English springer,cassette player,chain saw,church,French horn,garbage truck,gas pump,"
    "golf ball,parachute",
    "resnet20": "airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck",
    "lenet": "0,1,2,3,4,5,6,7,8,9",
    "mini_xception": "angry,disgust,fear,happy,sad,surprise,neutral",
}
ALIKE = {
    "mini_resnet": "mini_vgg", "vgg16_gap": "mini_vgg", "resnet56": "resnet20", "udacity_cifar": "resnet20",
    "udacity_cifar_augmented": "resnet20", "captum_cifar": "resnet20", "keras1_cifar10": "resnet20",
    "deep_convnet": "lenet", "keras1_mnist": "lenet",
}  # fmt: skip


def test_every_network_stands_in_these_lists():
    assert set(available()) == set(PREPARED) == set(LAYERS)


@pytest.mark.parametrize("name", PREPARED)
def test_pictures_are_prepared_as_in_training(name):
    of = network(name)
    sources = [s for s in ("PyTorch", "Keras", "Caffe", "DeepCompression", "book") if s in _columns(of)]
    assert set(sources or [None]) == set(PREPARED[name])
    for source, expected in PREPARED[name].items():
        p = of.card_from(source).preprocessing
        assert (p.resize, p.size, p.crop, p.channels, p.scale, p.mean, p.std) == expected
        assert p.interpolation == (
            "lanczos" if name.startswith("mini_") and name != "mini_xception" else "bilinear"
        )


def _columns(of):
    return parse(of.names, [])[0] if of.names and "*" not in of.names else (of.names or "").split()


@pytest.mark.parametrize("name", LAYERS)
def test_layers_and_classes(name):
    card = network(name).card_from(next(iter(PREPARED[name])))
    assert card.layer == LAYERS[name] and card.unit_layer == ("fire4" if name == "squeezenet" else None)
    assert card.multi_label == (name == "shapes")
    if card.classes and len(card.classes) == 1000:
        assert {n: card.classes[n] for n in SOME_OF_IMAGENET} == SOME_OF_IMAGENET
    elif ALIKE.get(name, name) in CLASSES:
        assert ",".join(card.classes) == CLASSES[ALIKE.get(name, name)]
    else:
        assert name in ("shapes", "captioner", "vqa", "dense_captioner")
