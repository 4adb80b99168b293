"""The operations: one file, one equation and its gradients."""

from minicnn.ops.add import Add
from minicnn.ops.avgpool import AvgPool, GlobalAvgPool
from minicnn.ops.batchnorm import BatchNorm, BatchNormTraining
from minicnn.ops.clip import Clip
from minicnn.ops.concat import Concat
from minicnn.ops.conv import Conv
from minicnn.ops.cross_entropy import CrossEntropy, SigmoidCrossEntropy
from minicnn.ops.dropout import Dropout
from minicnn.ops.embedding import Embedding
from minicnn.ops.exp import Exp, Log
from minicnn.ops.leaky_relu import LeakyReLU
from minicnn.ops.linear import Linear
from minicnn.ops.lrn import LocalResponseNorm
from minicnn.ops.lstm import LSTM
from minicnn.ops.matmul import MatMul
from minicnn.ops.maxpool import MaxPool
from minicnn.ops.mul import Mul
from minicnn.ops.pad import Pad
from minicnn.ops.relu import ReLU
from minicnn.ops.reshape import Flatten, Reshape
from minicnn.ops.roi_align import RoIAlign
from minicnn.ops.sigmoid import Sigmoid, SiLU
from minicnn.ops.slice import Slice
from minicnn.ops.softmax import LogSoftmax, Softmax
from minicnn.ops.sum import Mean, Sum
from minicnn.ops.tanh import Tanh
from minicnn.ops.transpose import Transpose

__all__ = [
    "LSTM", "Add", "AvgPool", "BatchNorm", "BatchNormTraining", "Clip", "Concat", "Conv", "CrossEntropy",
    "Dropout", "Embedding", "Exp", "Flatten", "GlobalAvgPool", "LeakyReLU", "Linear", "LocalResponseNorm",
    "Log", "LogSoftmax", "MatMul", "MaxPool", "Mean", "Mul", "Pad", "ReLU", "Reshape", "RoIAlign", "SiLU",
    "Sigmoid", "SigmoidCrossEntropy", "Slice", "Softmax", "Sum", "Tanh", "Transpose",
]  # fmt: skip
