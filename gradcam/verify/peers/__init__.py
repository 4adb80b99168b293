"""What other libraries give for the same question.

libraries.py  Captum, pytorch-grad-cam, torch-cam and zennit, each on a copy of the model
"""
