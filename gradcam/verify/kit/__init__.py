"""The conformance kit: small networks, inputs and expected results, for any library in any language to test
itself against.

writing.py    `gradcam verify kit DIR`: every network, input and expected result as files, and a manifest
networks.py   the networks, with weights and inputs that are exact in any order of summation
onnx_file.py  a network as an ONNX file, written field by field
files/        what is copied as it is: the README, and a runner for PyTorch
"""
