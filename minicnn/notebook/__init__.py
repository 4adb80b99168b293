"""What a notebook shows.  It imports the engine; the engine knows nothing of it.

display  networks as a table of layers, tensors as a line of facts and a small picture
curves   loss and accuracy of a training, as numbers and as a picture
"""
