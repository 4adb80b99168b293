"""Published architectures of three libraries, by name, and how to build one with weights drawn at random.

torchvision, timm and segmentation_models_pytorch; whichever is installed.
"""

from __future__ import annotations

import torch
from torch import nn

from tests.weights.graphs.torch_nets import EVERY

CNN = """
    bat_resnext26ts convformer_s18 convmixer_768_32 convnext_atto convnext_atto_ols convnext_atto_rms
    convnext_tiny_hnf convnextv2_atto cs3darknet_focus_s cs3darknet_s cs3se_edgenet_x csatv2 cspdarknet53
    cspnext_tiny cspresnet50 cspresnext50 darknet17 darknetaa53 densenet121 densenetblur121d dla34
    dla46x_c dm_nfnet_f0 dpn48b dpn68 eca_nfnet_l0 eca_resnext26ts eca_vovnet39b ecaresnet26t
    ecaresnetlight efficientnet_b0 efficientnet_b0_gn efficientnet_blur_b0 efficientnet_cc_b0_4e
    efficientnet_es efficientnet_lite0 efficientnetv2_rw_t ese_vovnet19b_slim_dw fasternet_t0 fbnetc_100
    fbnetv3_b focalnet_tiny_srf gc_efficientnetv2_rw_t gcresnet33ts gernet_s ghostnet_050 ghostnetv2_100
    ghostnetv3_050 hardcorenas_a hgnet_tiny hgnetv2_b0 hrnet_w18_small inception_next_atto
    inception_resnet_v2 inception_v3 inception_v4 lcnet_035 lcnetv2_small legacy_senet154
    legacy_seresnet18 legacy_seresnext26_32x4d legacy_xception mambaout_femto mixnet_s mnasnet_050
    mobilenet_edgetpu_v2_xs mobilenetv1_100 mobilenetv2_035 mobilenetv3_rw mobilenetv3_small_050
    mobilenetv4_conv_blur_medium mobilenetv4_conv_small_035 mobileone_s0 nasnetalarge nf_regnet_b0
    nf_resnet26 nfnet_l0 pnasnet5large poolformer_s12 poolformerv2_s12 rdnet_tiny regnetv_040 regnetx_002
    regnety_002 regnety_008_tv regnetz_005 regnetz_b16 regnetz_b16_evos repghostnet_050 repvgg_a0
    repvgg_d2se repvit_m0_9 res2net50_14w_8s res2next50 resnest14d resnet10t resnet18 resnet26d resnet33ts
    resnet50 resnet50_clip resnet50_gn resnet50s resnet51q resnetaa34d resnetblur18 resnetrs50 resnetv2_18
    resnetv2_50 resnetv2_50d_evos resnetv2_50d_frn resnetv2_50d_gn resnetv2_50x1_bit resnext50_32x4d
    rexnet_100 rexnetr_100 sedarknet21 selecsls42 semnasnet_050 senet154 seresnet18 seresnetaa50d
    seresnext26d_32x4d skresnet18 skresnext50_32x4d spnasnet_100 starnet_s1 tf_efficientnet_b0
    tf_efficientnet_lite0 tf_efficientnetv2_b0 tf_mixnet_s tf_mobilenetv3_small_075
    tf_mobilenetv3_small_minimal_100 tinynet_e tresnet_m vgg11 vgg11_bn vovnet39a wide_resnet50_2
    xception41 xception41p
"""
HYBRID = """
    botnet26t_256 caformer_s18 coat_lite_tiny coatnet_0_224 coatnet_nano_rw_224 coatnext_nano_rw_224
    cpubone_nano davit_tiny eca_botnext26ts_256 edgenext_xx_small efficientformer_l1 efficientformerv2_s0
    efficientvit_b0 efficientvit_m0 fastvit_mci0 fastvit_sa12 fastvit_t8 gcvit_xxtiny halonet26t iformer_t
    lambda_resnet26t levit_128s levit_conv_128s lowformer_b0 maxvit_nano_rw_256 maxvit_tiny_tf_224
    maxxvit_rmlp_nano_rw_256 mobilenetv4_hybrid_medium mobilevit_xxs mobilevitv2_050 mvitv2_tiny nest_tiny
    nextvit_small pvt_v2_b0 sequencer2d_s shvit_s1 swiftformer_xs tiny_vit_5m_224 twins_svt_small
    visformer_tiny vit_tiny_r_s16_p8_224 vitamin_small_224 volo_d1_224 xcit_nano_12_p16_224
"""
TRANSFORMER = """
    beit_base_patch16_224 cait_xxs24_224 convit_tiny crossvit_tiny_240 deit3_small_patch16_224
    deit_tiny_distilled_patch16_224 deit_tiny_patch16_224 eva02_tiny_patch14_224 flexivit_small
    gmlp_ti16_224 hiera_tiny_224 mixer_s32_224 pit_ti_224 resmlp_12_224 swin_tiny_patch4_window7_224
    swinv2_cr_tiny_224 swinv2_tiny_window8_256 tnt_s_patch16_224 vit_relpos_small_patch16_224
    vit_small_patch14_dinov2 vit_tiny_patch16_224
"""
SMP = {
    "Unet": "resnet18", "UnetPlusPlus": "resnet18", "MAnet": "resnet18", "Linknet": "resnet18",
    "FPN": "resnet18", "PSPNet": "resnet18", "DeepLabV3": "resnet18", "DeepLabV3Plus": "resnet18",
    "PAN": "resnet18", "UPerNet": "resnet18", "Segformer": "mit_b0", "Unet-vgg11": "vgg11",
    "Unet-efficientnet": "efficientnet-b0",
    "Unet-mobilenet": "mobilenet_v2", "Unet-densenet": "densenet121",
}  # fmt: skip


def every() -> list[tuple[str, str]]:
    """[(name, group)]; a name is "timm:resnet50"."""
    from tests.support.torchvision_models import models as tv

    rooms = {"classification": tv, "segmentation": tv.segmentation, "video": tv.video}
    found = [
        (f"tv:{n}", f"torchvision {room}") for room, at in rooms.items() for n in tv.list_models(module=at)
    ]
    detection = tv.list_models(module=tv.detection)
    found += [(f"tv:{n}", "torchvision detection, whole") for n in detection]
    found += [(f"backbone:{n}", "torchvision detection, backbone") for n in detection]
    found += [
        (f"tv:quantized_{n}", "torchvision quantized") for n in ("resnet18", "mobilenet_v2", "googlenet")
    ]
    found += [(f"hand:{n}", "hand-written") for n in EVERY]
    for group, names in (("CNN", CNN), ("hybrid", HYBRID), ("transformer", TRANSFORMER)):
        found += [(f"timm:{n}", f"timm {group}") for n in names.split()]
    return found + [(f"smp:{n}", "segmentation_models_pytorch") for n in SMP]


def build(name: str) -> tuple[nn.Module, list[tuple[int, ...]]]:
    """-> (the model, shapes of inputs to try, the smallest first)"""
    library, short = name.split(":")
    if library == "timm":
        import timm

        options = {"img_size": 224} if "dinov2" in short else {}
        model = timm.create_model(short, pretrained=False, num_classes=10, **options)
        own = model.pretrained_cfg.get("input_size", (3, 224, 224))[-1]
        sizes = [96, 128, 192, own] if own > 128 and not options else [options.get("img_size", own)]
        return model, [(1, 3, n, n) for n in dict.fromkeys(sizes)]
    if library == "smp":
        import segmentation_models_pytorch as smp

        model = getattr(smp, short.split("-")[0])(SMP[short], encoder_weights=None, classes=4)
        return model, [(1, 3, n, n) for n in (96, 128)]
    if library == "hand":
        return EVERY[short](), [(1, 3, 16, 12)]
    from tests.support.torchvision_models import models as tv

    if library == "backbone":
        model = tv.get_model(short, weights=None, weights_backbone=None).backbone
        return model, [(1, 3, n, n) for n in (96, 160, 320)]
    options = {"init_weights": False} if short in ("googlenet", "inception_v3") else {}
    if short.startswith("quantized"):
        options = {"quantize": True} | ({"init_weights": False} if "googlenet" in short else {})
    if short in tv.list_models(module=tv.detection):
        options = {"weights_backbone": None}
    if short in tv.list_models(module=tv.segmentation):
        options = {"weights_backbone": None}
    model = tv.get_model(short, weights=None, **options)
    if short in tv.list_models(module=tv.video):
        return model, [(1, 3, t, n, n) for t, n in ((8, 64), (16, 64), (16, 112), (16, 224))]
    return model, [(1, 3, n, n) for n in ((224,) if "vit" in short else (96, 128, 224))]


def drawn(model: nn.Module, seed: int = 0) -> nn.Module:
    """The model in eval mode with weights as a trained network has them: He et al. 2015, eq. 10."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if not p.is_floating_point() or not p.numel():
                continue
            noise = torch.randn(p.shape, generator=g)
            if p.ndim > 1 and min(p.shape) > 1 and name.endswith("weight"):
                p.copy_(noise * (2 / p[0].numel()) ** 0.5)
            elif p.ndim > 1:
                p.copy_(0.1 * noise)
            elif name.endswith(("weight", "gamma", "scale")):
                p.copy_(1 + 0.2 * noise)
            else:
                p.copy_(0.5 * p + 0.1 * noise)
    return model.eval()


def calibrated(model: nn.Module, shape: tuple[int, ...]) -> nn.Module:
    """Batchnorm's running statistics: those of a batch of its own."""
    norms = [
        m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.track_running_stats
    ]
    for norm in norms:
        norm.train()
        norm.old, norm.momentum = norm.momentum, 1.0
    with torch.no_grad():
        model(torch.randn(2, *shape[1:], generator=torch.Generator().manual_seed(1)))
    for norm in norms:
        norm.momentum = norm.old
        del norm.old
    return model.eval()
