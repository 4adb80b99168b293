"""What makes the engine fast, and only that: without it the numbers are the same, to rounding, but slower.

choice        which way of computing a convolution is used when
im2col        convolution as one matrix product over unrolled windows
winograd      3x3 convolutions with a quarter to a half of the multiplications
pooling       the maximum of windows, and unpooling
elementwise   ReLUs and their signals, on threads where they are large
threads       how many threads, and matrix products shared among them
memory        large arrays that lie where others lay
weight_cache  transformed weights, kept from one call to the next
"""
