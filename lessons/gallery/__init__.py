"""Examples beside the course: networks that are no classifiers of photos, a file each.

    python -m lessons.gallery       trains each for seconds, and writes README.md

Every network is explained twice, as a live PyTorch model and from its ONNX file, and
its map is compared with PyTorch's autograd (tests/lessons/test_gallery.py).
"""
