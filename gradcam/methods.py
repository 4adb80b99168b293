"""What each method asks, in one line, where it was described, and what it costs in passes of the network; see `gradcam methods`."""

from typing import NamedTuple


class Entry(NamedTuple):
    """says: the question that the map answers; paper; passes: of the network, for one class, K feature maps."""

    says: str
    paper: str
    passes: str


ONE_EACH, FORWARD = "1 forward, 1 backward", "1 forward"

CATALOGUE = {
    "gradient": Entry("the slope of the score at each pixel", "Simonyan et al. 2013", ONE_EACH),
    "saliency": Entry("the size of that slope", "Simonyan et al. 2013", ONE_EACH),
    "input_times_gradient": Entry("each pixel's first-order share of the score", "Shrikumar et al. 2016", ONE_EACH),
    "deconvnet": Entry("what excites a unit: ReLUs pass positive signals", "Zeiler & Fergus 2014", ONE_EACH),
    "guided_backprop": Entry("ReLUs pass positive signals where they were open", "Springenberg et al. 2015", ONE_EACH),
    "cam": Entry("the last feature maps, weighed by the linear layer", "Zhou et al. 2016", FORWARD),
    "grad_cam": Entry("feature maps, weighed by their mean derivative", "Selvaraju et al. 2017", ONE_EACH),
    "counterfactual": Entry("what speaks against the class", "Selvaraju et al. 2017", ONE_EACH),
    "guided_grad_cam": Entry("Grad-CAM times guided backprop", "Selvaraju et al. 2017", ONE_EACH),
    "occlusion": Entry("how much the score falls when a window is covered", "Zeiler & Fergus 2014", "1 forward for each window"),
    "grad_cam++": Entry("positive derivatives weigh, evenly over large and small objects", "Chattopadhay et al. 2018", ONE_EACH),
    "xgrad_cam": Entry("derivatives averaged where the map is active", "Fu et al. 2020", ONE_EACH),
    "hirescam": Entry("derivative times feature map, place by place", "Draelos & Carin 2020", ONE_EACH),
    "layercam": Entry("positive derivative times feature map, for early layers, too", "Jiang et al. 2021", ONE_EACH),
    "eigen_cam": Entry("what feature maps have in common; asks for no class", "Muhammad & Yeasin 2020", FORWARD),
    "score_cam": Entry("feature maps, weighed by the score of what is seen through them", "Wang et al. 2020", "1 + K forward"),
    "ablation_cam": Entry("feature maps, weighed by the score lost without them", "Desai & Ramaswamy 2020", "1 forward, K from A onwards"),
    "smoothgrad": Entry("the gradient, averaged over noise", "Smilkov et al. 2017", "1 + 50 forward, 50 backward"),
    "integrated_gradients": Entry("the gradient, averaged on the way from grey", "Sundararajan et al. 2017", "1 + 50 forward, 50 backward"),
    "lrp_epsilon": Entry("the score handed down by share; weak evidence is absorbed", "Bach et al. 2015", ONE_EACH),
    "lrp_gamma": Entry("the same; what speaks for a unit weighs more", "Montavon et al. 2019", ONE_EACH),
    "lrp_alpha_beta": Entry("twice what speaks for a unit, minus what speaks against", "Bach et al. 2015", ONE_EACH),
    "lrp_z_box": Entry("lrp_gamma; pixels lie between black and white", "Montavon et al. 2017", ONE_EACH),
    "lrp_flat": Entry("lrp_gamma; evenly over the pixels that a first filter sees", "Lapuschkin et al. 2019", ONE_EACH),
    "excitation_backprop": Entry("where winners stand, chosen from the class downwards", "Zhang et al. 2016", ONE_EACH),
}
