"""AlexNet and the small networks of courses and examples."""

ALEXNET = """
layer               PyTorch
conv{1,2,3,4,5}     features.{0,3,6,8,10}
fc{6,7,8}           classifier.{1,4,6}
"""

SAME = """
layer    PyTorch
*        *
"""

LENET = """
layer    Caffe
*        *
"""

DEEP_CONVNET = """
layer                book
conv{1,2,3,4,5,6}    {1,2,3,4,5,6}
fc{7,8}              {7,8}
"""

KERAS1_MNIST = """
layer       Keras
conv{1,2}   convolution2d_{1,2}
fc3         dense_1[14x14x8]
fc4         dense_2
"""

KERAS1_CIFAR10 = """
layer       Keras
conv{1,2}   convolution2d_{3,4}
fc3         dense_3[16x16x8]
fc4         dense_4
"""

MINI_XCEPTION = """
layer                              Keras
{conv,bn}{1,2}                     {conv2d,batch_normalization}_{1,2}
module{1,2,3,4}.sep1.depthwise     separable_conv2d_{1,3,5,7}:depthwise_kernel
module{1,2,3,4}.sep1.pointwise     separable_conv2d_{1,3,5,7}:pointwise_kernel
module{1,2,3,4}.sep2.depthwise     separable_conv2d_{2,4,6,8}:depthwise_kernel
module{1,2,3,4}.sep2.pointwise     separable_conv2d_{2,4,6,8}:pointwise_kernel
module{1,2,3,4}.bn1                batch_normalization_{4,7,10,13}
module{1,2,3,4}.bn2                batch_normalization_{5,8,11,14}
module{1,2,3,4}.bn3                batch_normalization_{3,6,9,12}
module{1,2,3,4}.shortcut           conv2d_{3,4,5,6}
conv7                              conv2d_7
"""

TABLES = {
    "alexnet": ALEXNET, "udacity_cifar": SAME, "udacity_cifar_augmented": SAME, "captum_cifar": SAME, "lenet": LENET,
    "deep_convnet": DEEP_CONVNET, "keras1_mnist": KERAS1_MNIST, "keras1_cifar10": KERAS1_CIFAR10, "mini_xception": MINI_XCEPTION,
}  # fmt: skip
