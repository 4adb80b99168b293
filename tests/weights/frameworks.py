"""Networks of full size as the frameworks themselves make, write and compute them."""

KERAS_LAYER = {"vgg16": "block5_conv3", "resnet50_keras": "conv5_block3_out"}


def torch_model(network):
    """torchvision's network with drawn weights, ready for use."""
    import torch

    from tests.support.torchvision_models import models

    torch.manual_seed(0)
    model = getattr(models, network)(weights=None).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for parameter, low, high in (
                (module.weight, 0.5, 1.0),
                (module.bias, -0.1, 0.1),
                (module.running_mean, -0.1, 0.1),
                (module.running_var, 0.5, 1.5),
            ):
                torch.nn.init.uniform_(parameter, low, high)
        elif hasattr(module, "weight"):
            torch.nn.init.kaiming_normal_(module.weight)
    return model


def write(model, network, form, path, x):
    """The model's file in one of FORMATS."""
    import torch

    state = model.state_dict()
    match form:
        case "PyTorch legacy":
            torch.save(state, path, _use_new_zipfile_serialization=False)
        case "PyTorch zip":
            torch.save(state, path)
        case "safetensors":
            from safetensors.torch import save_file

            save_file(state, path)
        case "Caffe V1":
            _caffe(state, path, x.shape[-1])
        case "ONNX":
            torch.onnx.export(model, torch.from_numpy(x), str(path), dynamo=False)


def _caffe(state, path, side):
    """VGG-16 as its authors' file has it, V1 layers, four sizes per blob; and its prototxt beside."""
    from tests.weights import caffe_nets
    from weights.names.table import parse
    from weights.zoo import network

    columns, _ = parse(network("vgg16").names, [])
    theirs = {columns["Caffe"][ours].layer: cell.layer for ours, cell in columns["PyTorch"].items()}
    blocks = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
    layers = [
        (
            *layer,
            [state[f"{theirs[layer[0]]}.{role}"].numpy() for role in ("weight", "bias")]
            if layer[0] in theirs
            else [],
        )
        for *layer, _ in caffe_nets.vgg(blocks, side, (4096, 4096, 1000), drawn=False)
    ]
    path.write_bytes(caffe_nets.caffemodel(layers, v1=True))
    path.with_suffix(".prototxt").write_text(caffe_nets.prototxt(layers, side, v1=True))


def opencv(form, path):
    """OpenCV's network of a Caffe or ONNX file."""
    import cv2

    if form == "ONNX":
        return cv2.dnn.readNetFromONNX(str(path))
    return cv2.dnn.readNetFromCaffe(str(path.with_suffix(".prototxt")), str(path))


def opencv_reads(form):
    """Whether OpenCV is here and knows the format: version 5 has no importer for Caffe."""
    try:
        import cv2
    except ImportError:
        return False
    return hasattr(cv2.dnn, {"ONNX": "readNetFromONNX", "Caffe V1": "readNetFromCaffe"}.get(form, ""))


def torch_truth(model, network, x, dtype):
    """(scores, Grad-CAM) by PyTorch."""
    import torch

    model, x = model.to(dtype), torch.tensor(x, dtype=dtype)
    kept = []
    module = model.features[29] if network == "vgg16" else model.layer4[2]
    hook = module.register_forward_hook(lambda _, __, A: kept.append(A))
    y = model(x)
    hook.remove()
    (dA,) = torch.autograd.grad(y[0, int(y[0].argmax())], kept)
    maps = torch.relu((dA.mean((2, 3), keepdim=True) * kept[0]).sum(1))
    return y.detach().numpy(), maps.detach().numpy()


def keras_in_float64():
    """From now on Keras computes in float64; by its own rules of promotion means, products and batchnorm
    would pass through float32.
    """
    import keras
    from keras.src import backend
    from keras.src.backend.common import dtypes

    keras.config.set_dtype_policy("float64")
    keras.config.set_floatx("float64")
    dtypes.result_type = backend.result_type = lambda *_: "float64"


def keras_truth(model, network, x):
    """(scores, Grad-CAM) by Keras."""
    import keras
    import torch

    scores, A = keras.Model(model.input, [model.output, model.get_layer(KERAS_LAYER[network]).output])(
        x.transpose(0, 2, 3, 1)
    )
    (dA,) = torch.autograd.grad(scores[0, int(scores[0].argmax())], [A])
    cam = torch.relu((dA.mean((1, 2), keepdim=True) * A).sum(3))
    return scores.detach().numpy(), cam.detach().numpy()
