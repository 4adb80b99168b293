"""The kit's methods: their formulas, what they leave open, and which of them are exact."""

from gradcam.verify.kit.networks import H, W, numbers

SHARE = "R_i = sum_j x_i w_ij / z_j R_j, z_j = sum_i x_i w_ij + b_j, z further from 0 by"
POOLS = "means by share, z further from 0 by 1e-6; sums likewise; max-pools to the winner; ReLUs pass R as it is; R begins with y_c"
FORMULAS = {
    "gradient": "g = dy_c/dx", "saliency": "max over channels of |dy_c/dx|",
    "deconvnet": "at every ReLU g_in = g 1[g > 0]; elsewhere the derivative", "guided_backprop": "at every ReLU g_in = g 1[x > 0] 1[g > 0]",
    "integrated_gradients": "x / 8 sum_k dy_c/dx at x (k + 1/2) / 8, k = 0 ... 7", "smoothgrad": "1/4 sum_k dy_c/dx at x + noise[k]",
    "lrp_epsilon": f"{SHARE} sign(z) (1e-6 + 0.25 sqrt(mean z^2)), the mean over a layer; {POOLS}",
    "lrp_gamma": f"{SHARE} sign(z) 1e-6; in convolutions w + w+ / 4 and b + b+ / 4 where z > 0, w + w- / 4 and b + b- / 4 where z < 0, "
                 f"and w the other way round for x < 0; {POOLS}",
    "lrp_alpha_beta": f"{SHARE} sign(z) 1e-6; twice for what is positive in x w and b, minus once for what is negative; {POOLS}",
    "lrp_z_box": "lrp_gamma; in the first convolution x w - low w+ - high w- in place of x w, no b; low, high: of each channel of x",
    "lrp_flat": "lrp_gamma; in the first convolution 1 in place of x w, no b",
    "grad_cam": "ReLU(sum_k alpha_k A^k), alpha_k = 1/Z sum_ij dy_c/dA^k_ij",
    "grad_cam++": "ReLU(sum_k w_k A^k), w_k = sum_ij ReLU(g) g^2 / (2 g^2 + sum_ab A^k_ab g^3), 0 where g is; g = dy_c/dA^k_ij",
    "xgrad_cam": "ReLU(sum_k w_k A^k), w_k = sum_ij A^k_ij g / sum_ab A^k_ab, 0 for a map of zeros; g = dy_c/dA^k_ij",
    "hirescam": "sum_k g A^k, place by place; g = dy_c/dA^k_ij", "layercam": "ReLU(sum_k ReLU(g) A^k), place by place; g = dy_c/dA^k_ij",
    "eigen_cam": "sum_k V_1k A^k, V_1 the first right singular vector of A as (places, k), its entries adding up to something >= 0",
    "score_cam": "ReLU(sum_k alpha_k A^k), alpha = softmax over k of y_c(x s(Up A^k)), s(H) = (H - min H) / (max H - min H), "
                 "Up bilinear with half-pixel centres",
    "ablation_cam": "ReLU(sum_k w_k A^k), w_k = (y_c - y_c with A^k = 0) / y_c",
    "excitation_backprop": "sum_k P^k, P_i = sum_j x_i w_ij+ / (sum_i x_i w_ij+) P_j, x clipped at 0, no b; "
                           "sums and means by share; P = 1 at c",
    "guided_grad_cam": "guided_backprop * grad_cam, enlarged bilinearly with half-pixel centres",
}  # fmt: skip
DIVIDED = ("lrp_epsilon", "lrp_gamma", "lrp_alpha_beta", "lrp_z_box", "lrp_flat", "grad_cam++", "xgrad_cam", "eigen_cam", "score_cam",
           "ablation_cam", "excitation_backprop")  # by something else than a power of two, or with an exp or a singular vector
NEW = ("integrated_gradients", "smoothgrad", *(m for m in DIVIDED if m not in ("grad_cam++", "xgrad_cam")))
NOISE = numbers((4, 3, H, W), 42, 4)


def settings(method):
    """What `verify.Question` needs to know of it; the noise is a file of the kit."""
    return {"integrated_gradients": {"steps": 8, "rule": "midpoint"}, "smoothgrad": {"noise": NOISE}}.get(method, {})
