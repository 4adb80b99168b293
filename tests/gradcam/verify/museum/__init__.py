"""The museum of mistakes: each made on purpose, in PyTorch, and shown to a verifier that does not know its
name.

python -m tests.gradcam.verify.museum --seeds 20       the table: how often the true cause is in the named
class
"""
