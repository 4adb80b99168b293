"""How fast, and how much memory, beside PyTorch and Captum: `python -m tests.benchmarks --help`."""
