"""The operations: one file, one equation and its gradients."""

from minicnn.ops.add import Add
from minicnn.ops.along import Along
from minicnn.ops.avgpool import AvgPool, GlobalAvgPool
from minicnn.ops.batchnorm import BatchNorm, BatchNormTraining
from minicnn.ops.clip import Clip
from minicnn.ops.concat import Concat
from minicnn.ops.conv import Conv
from minicnn.ops.conv_transpose import ConvTranspose
from minicnn.ops.cross_entropy import CrossEntropy, SigmoidCrossEntropy
from minicnn.ops.cumsum import CumSum
from minicnn.ops.div import Div
from minicnn.ops.dropout import Dropout
from minicnn.ops.einsum import Einsum
from minicnn.ops.elu import CELU, ELU, SELU
from minicnn.ops.embedding import Embedding
from minicnn.ops.erf import Erf
from minicnn.ops.exp import Exp, Expm1, Log, Log1p
from minicnn.ops.expand import Expand
from minicnn.ops.extremes import Maximum, Minimum
from minicnn.ops.formula import Formula
from minicnn.ops.gelu import GELU, TanhGELU
from minicnn.ops.hard import Abs, HardSigmoid, HardSwish, Shrink, Threshold
from minicnn.ops.leaky_relu import LeakyReLU
from minicnn.ops.linear import Linear
from minicnn.ops.lp_pool import LpPool
from minicnn.ops.lrn import LocalResponseNorm
from minicnn.ops.lstm import LSTM
from minicnn.ops.matmul import MatMul
from minicnn.ops.maxpool import MaxPool
from minicnn.ops.mul import Mul
from minicnn.ops.normalise import Normalise
from minicnn.ops.pad import Pad
from minicnn.ops.pow import Pow, Sqrt
from minicnn.ops.prelu import PReLU
from minicnn.ops.reductions import LogSumExp, MaxOver, MinOver, Norm, Prod
from minicnn.ops.relu import ReLU
from minicnn.ops.remainder import Remainder
from minicnn.ops.reshape import Flatten, Reshape
from minicnn.ops.roi_align import RoIAlign
from minicnn.ops.sigmoid import Sigmoid, SiLU
from minicnn.ops.slice import Slice
from minicnn.ops.softmax import LogSoftmax, Softmax
from minicnn.ops.softplus import LogSigmoid, Mish, Softplus
from minicnn.ops.softsign import Softsign
from minicnn.ops.steps import Steps
from minicnn.ops.sub import Sub
from minicnn.ops.sum import Mean, Sum
from minicnn.ops.take import Take
from minicnn.ops.tanh import Tanh
from minicnn.ops.top_k import TopK
from minicnn.ops.transpose import Transpose
from minicnn.ops.trigonometry import (
    Arccos,
    Arccosh,
    Arcsin,
    Arcsinh,
    Arctan,
    Arctanh,
    Cos,
    Cosh,
    Sin,
    Sinh,
    Tan,
)
from minicnn.ops.where import Where

# Sums and differences of whole numbers wrap around (200 + 100 = 44 in uint8): these refuse them.
for _kind in (
    Along, AvgPool, BatchNorm, BatchNormTraining, Conv, ConvTranspose, CrossEntropy, Dropout, Einsum, Exp,
    Expm1, Formula, GlobalAvgPool, LSTM, Linear, LocalResponseNorm, Log, Log1p, LogSoftmax, LogSumExp, Norm,
    Normalise, RoIAlign, Sigmoid, SigmoidCrossEntropy, SiLU, Softmax, Sqrt, Tanh,
):  # fmt: skip
    _kind.fractions = True
Abs.fractions = False

__all__ = [
    "CELU", "ELU", "GELU", "LSTM", "SELU", "Abs", "Add", "Along", "Arccos", "Arccosh", "Arcsin", "Arcsinh",
    "Arctan", "Arctanh", "AvgPool", "BatchNorm", "BatchNormTraining", "Clip", "Concat", "Conv",
    "ConvTranspose", "Cos", "Cosh", "CrossEntropy", "CumSum", "Div", "Dropout", "Einsum", "Embedding",
    "Erf", "Exp", "Expand", "Expm1", "Flatten", "GlobalAvgPool", "HardSigmoid", "HardSwish", "LeakyReLU",
    "Linear", "LocalResponseNorm", "Log", "Log1p", "LogSigmoid", "LogSoftmax", "LogSumExp", "LpPool",
    "MatMul", "MaxOver", "MaxPool", "Maximum", "Mean", "MinOver", "Minimum", "Mish", "Mul", "Norm",
    "Normalise", "PReLU", "Pad", "Pow", "Prod", "ReLU", "Remainder", "Reshape", "RoIAlign", "Shrink",
    "SiLU", "Sigmoid",
    "SigmoidCrossEntropy", "Sin", "Sinh", "Slice", "Softmax", "Softplus", "Softsign", "Sqrt", "Steps",
    "Sub", "Sum", "Take", "Tan", "Tanh", "TanhGELU", "Threshold", "TopK", "Transpose", "Where",
]  # fmt: skip
