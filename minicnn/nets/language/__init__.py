"""Networks that answer in words: image captioning, visual question answering, dense captioning.

encoder          the convolutions that all of them see with
captioner        a decoder with attention, which says a sentence about a picture
vqa              answers questions about a picture
dense_captioner  finds regions, and says a sentence of each
layers           word embeddings and the LSTM, as layers
decoding         sentences from a decoder: greedily, or by beam search
boxes            anchors, intersection over union, non-maximum suppression
"""
