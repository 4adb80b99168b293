"""The reference: every quantity between an input and a map, by name, each of which a hypothesis may replace.

steps.py               the steps that there are: what each holds, what it is made from, how
pipeline.py            Pipeline: the steps of one method, and those that it computes in a way of its own
pipelines.py           every method's pipeline, read from its declaration in `gradcam.methods`; groups of
                       methods by their steps
run.py                 Run: the steps of one question under some changes
averaged_gradients.py  Integrated Gradients and SmoothGrad
relevance_tables.py    LRP and excitation backprop
without_gradients.py   CAM, Eigen-CAM, Score-CAM, Ablation-CAM: weights that no gradient gives; occlusion
settings.py            what a method leaves open
resizing.py            how others enlarge a map
tape.py                a forward pass run again, or read again, with something changed
"""
