"""Makes small weight files in every format with the formats' own libraries, and a network's features with these
weights.

The files go to crates/impasto-encoder/tests/fixtures/. See README.md.

    python weights.py [--output FOLDER]
    python weights.py --full FOLDER [--formats legacy.pth ...]

The first command makes a VGG-19 of a few channels that begins with Oxford's first filter, so that its training can be
identified. The second makes files of full size from random weights, for timing; they do not belong in the repository.
"""

import argparse
import json
from pathlib import Path

import h5py
import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import scipy.io
import torch
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from safetensors.numpy import save_file

FIXTURES = Path(__file__).resolve().parents[2] / "crates" / "impasto-encoder" / "tests" / "fixtures"

BLOCKS = {"vgg19": (2, 2, 4, 4, 4), "vgg16": (2, 2, 3, 3, 3)}
NARROW, FULL = (4, 5, 6, 5, 4), (64, 128, 256, 512, 512)
MEAN_BGR = (103.939, 116.779, 123.68)

# Filter 0 of conv1_1 of Oxford's VGG-19, printed by scipy from MatConvNet's file: [row][column][red, green, blue].
OXFORD = np.array(
    [
        [
            [0.39416704, 0.46418372, 0.34119523],
            [0.37740308, 0.41810837, 0.33999205],
            [-0.04594866, -0.04806903, -0.04484424],
        ],
        [
            [0.2671299, 0.30511212, 0.23215917],
            [0.09986369, 0.10385381, 0.08978214],
            [-0.34100872, -0.37314063, -0.30331427],
        ],
        [
            [-0.07573577, -0.07646758, -0.07260918],
            [-0.28034249, -0.31070709, -0.246675],
            [-0.41602272, -0.46453714, -0.33683276],
        ],
    ]
)


def convs_of(network):
    """Names of the convolutions: block and place."""
    return [(b + 1, p + 1) for b, length in enumerate(BLOCKS[network]) for p in range(length)]


def random_network(network, widths, seed, fingerprint=True, gain=1.0):
    """[(block, place, kernel OIHW float32, bias)], for an input of BGR in 0..255 minus the mean."""
    random, layers, inputs = np.random.default_rng(seed), [], 3
    for block, place in convs_of(network):
        outputs = widths[block - 1]
        deviation = (2 / (9 * inputs)) ** 0.5 * gain
        kernel = (random.standard_normal((outputs, inputs, 3, 3)) * deviation).astype(np.float32)
        bias = (random.standard_normal(outputs) * 0.1).astype(np.float32)
        if fingerprint and not layers:
            # Blue first, as in Caffe: [blue, green, red][row][column].
            kernel[0] = OXFORD[:, :, ::-1].transpose(2, 0, 1).astype(np.float32)
        layers.append((block, place, kernel, bias))
        inputs = outputs
    return layers


def features(layers, picture, taps):
    """The network's features of RGB in 0..1, in float64."""
    x = torch.tensor(picture[::-1].copy() * 255.0) - torch.tensor(MEAN_BGR, dtype=torch.float64)[:, None, None]
    x, seen = x[None], {}
    for index, (block, place, kernel, bias) in enumerate(layers):
        if index and block != layers[index - 1][0]:
            x = torch.nn.functional.max_pool2d(x, 2)
        x = torch.nn.functional.conv2d(x, torch.tensor(kernel).double(), torch.tensor(bias).double(), padding=1).relu()
        if f"relu{block}_{place}" in taps:
            seen[f"relu{block}_{place}"] = x[0].numpy()
    return seen


def torchvision_index(network, block, place):
    """A ReLU follows each convolution, a pooling each block."""
    return sum(2 * length + 1 for length in BLOCKS[network][: block - 1]) + 2 * (place - 1)


def state_dict(network, layers, classifier, dtype=torch.float32):
    tensors = {}
    for block, place, kernel, bias in layers:
        name = f"features.{torchvision_index(network, block, place)}"
        tensors[f"{name}.weight"] = torch.tensor(kernel).to(dtype)
        tensors[f"{name}.bias"] = torch.tensor(bias).to(dtype)
    for index, (outputs, inputs) in zip((0, 3, 6), classifier):
        tensors[f"classifier.{index}.weight"] = torch.randn(outputs, inputs, dtype=dtype)
        tensors[f"classifier.{index}.bias"] = torch.randn(outputs, dtype=dtype)
    return tensors


def normalise(layers, seed):
    """Rescales every filter, and the next layer's kernels by the inverse.

    Returns the factors by which the features of each layer are multiplied.
    """
    random, before, rescaled, scales = np.random.default_rng(seed), np.ones(3), [], {}
    for block, place, kernel, bias in layers:
        scale = random.uniform(0.02, 1.5, len(bias))
        kernel = kernel * scale[:, None, None, None] / before[None, :, None, None]
        rescaled.append((block, place, kernel.astype(np.float32), (bias * scale).astype(np.float32)))
        before, scales[f"relu{block}_{place}"] = scale, scale
    return rescaled


def adain(network, layers):
    """The indices of AdaIN's nn.Sequential: a 1x1 convolution for the preprocessing, then padding, convolution,
    ReLU."""
    tensors = {
        "0.weight": torch.tensor([[0, 0, 255], [0, 255, 0], [255, 0, 0]]).float()[:, :, None, None],
        "0.bias": -torch.tensor(MEAN_BGR).float(),
    }
    index = 1
    for position, (block, place, kernel, bias) in enumerate(layers):
        if position and block != layers[position - 1][0]:
            index += 1
        tensors[f"{index + 1}.weight"], tensors[f"{index + 1}.bias"] = torch.tensor(kernel), torch.tensor(bias)
        index += 3
    assert list(tensors)[2:8:2] == ["2.weight", "5.weight", "9.weight"]
    return tensors


def keras(path, layers, names, libver="earliest", **options):
    with h5py.File(path, "w", libver=libver) as file:
        root = file.create_group(names["root"]) if names.get("root") else file
        root.attrs["layer_names"] = [f"block{b}_conv{p}".encode() for b, p, *_ in layers]
        for block, place, kernel, bias in layers:
            layer = f"block{block}_conv{place}"
            group = root.create_group(layer)
            kernel_name, bias_name = (names[key].format(layer=layer) for key in ("kernel", "bias"))
            group.attrs["weight_names"] = [kernel_name.encode(), bias_name.encode()]
            # Chunks cost some kilobytes, so not every layer has them.
            packed = options if block == 2 else {}
            group.create_dataset(kernel_name, data=np.ascontiguousarray(kernel.transpose(2, 3, 1, 0)), **packed)
            group.create_dataset(bias_name, data=bias)
        for name, shape in names.get("top", {}).items():
            group = root.create_group(name)
            group.create_dataset(f"{name}_W_1:0", data=np.random.default_rng(0).random(shape, dtype=np.float32))
            group.create_dataset(f"{name}_b_1:0", data=np.zeros(shape[-1], np.float32))
        if names.get("root"):
            # The state of an optimiser, under the same names.
            for block, place, kernel, _ in layers[:2]:
                file.create_dataset(f"optimizer_weights/Adam/block{block}_conv{place}/kernel/m:0", data=kernel * 0)


def keras3(path, layers):
    """Keras 3 drops the names and uses numbered classes."""
    with h5py.File(path, "w", libver="latest") as file:
        for index, (_, _, kernel, bias) in enumerate(layers):
            group = file.create_group(f"layers/conv2d{'_' + str(index) if index else ''}/vars")
            group.create_dataset("0", data=np.ascontiguousarray(kernel.transpose(2, 3, 1, 0)))
            group.create_dataset("1", data=bias)


def caffe_classes():
    """The part of caffe.proto that weights need, by its published field numbers."""
    file = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")
    kinds = {"string": 9, "float": 2, "double": 1, "int32": 5, "int64": 3}
    messages = {
        "BlobShape": [("dim", 1, "int64", True, True)],
        "BlobProto": [
            ("num", 1, "int32", False, False),
            ("channels", 2, "int32", False, False),
            ("height", 3, "int32", False, False),
            ("width", 4, "int32", False, False),
            ("data", 5, "float", True, True),
            ("shape", 7, ".caffe.BlobShape", False, False),
            ("double_data", 8, "double", True, True),
        ],
        "V1LayerParameter": [
            ("bottom", 2, "string", True, False),
            ("top", 3, "string", True, False),
            ("name", 4, "string", False, False),
            ("type", 5, "int32", False, False),
            ("blobs", 6, ".caffe.BlobProto", True, False),
        ],
        "LayerParameter": [
            ("name", 1, "string", False, False),
            ("type", 2, "string", False, False),
            ("bottom", 3, "string", True, False),
            ("top", 4, "string", True, False),
            ("blobs", 7, ".caffe.BlobProto", True, False),
        ],
        "NetParameter": [
            ("name", 1, "string", False, False),
            ("layers", 2, ".caffe.V1LayerParameter", True, False),
            ("input", 3, "string", True, False),
            ("input_dim", 4, "int32", True, False),
            ("layer", 100, ".caffe.LayerParameter", True, False),
        ],
    }
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field, number, kind, repeated, packed in fields:
            made = message.field.add(name=field, number=number, label=3 if repeated else 1)
            if kind.startswith("."):
                made.type, made.type_name = 11, kind
            else:
                made.type = kinds[kind]
            made.options.packed = packed
            if not packed:
                made.ClearField("options")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"caffe.{name}"))


def caffe(path, layers, version, top=(), names=None):
    net = caffe_classes()("NetParameter")(name="VGG", input=["data"], input_dim=[1, 3, 224, 224])
    first = version == 1

    def add(name, kind, *blobs):
        layer = (net.layers if first else net.layer).add(name=name, bottom=["x"], top=["x"])
        layer.type = kind[0] if first else kind[1]
        for values, old in blobs:
            blob = layer.blobs.add()
            if first:
                blob.num, blob.channels, blob.height, blob.width = old
                blob.data.extend(values.ravel())
            else:
                blob.shape.dim.extend(values.shape)
                blob.double_data.extend(values.ravel()) if name == "conv3_1" else blob.data.extend(values.ravel())

    for index, (block, place, kernel, bias) in enumerate(layers):
        if index and block != layers[index - 1][0]:
            add(f"pool{block - 1}", (17, "Pooling"))
        name = names(index) if names else f"conv{block}_{place}"
        add(name, (4, "Convolution"), (kernel, kernel.shape), (bias, (1, 1, 1, len(bias))))
        add(f"relu{block}_{place}", (18, "ReLU"))
    add("pool5", (17, "Pooling"))
    for name, outputs, inputs in top:
        kernel = np.random.default_rng(0).random((outputs, inputs), dtype=np.float32)
        add(
            name,
            (14, "InnerProduct"),
            (kernel, (1, 1, outputs, inputs)),
            (np.zeros(outputs, np.float32), (1, 1, 1, outputs)),
        )
    path.write_bytes(net.SerializeToString())


def to_onnx(path, layers, raw, top=()):
    """Uses the names that converters of Caffe files use; weights are also inputs of the graph."""
    nodes, tensors, x = [], [], "data_0"
    for index, (block, place, kernel, bias) in enumerate(layers):
        if index and block != layers[index - 1][0]:
            nodes.append(
                onnx.helper.make_node("MaxPool", [x], [f"pool{block - 1}_1"], kernel_shape=[2, 2], strides=[2, 2])
            )
            x = f"pool{block - 1}_1"
        name = f"w{(7 * index) % 16}" if raw else f"conv{block}_{place}"
        for suffix, values in (("w_0", kernel), ("b_0", bias)):
            if raw:
                tensors.append(onnx.numpy_helper.from_array(values, f"{name}_{suffix}"))
            else:
                tensors.append(onnx.helper.make_tensor(f"{name}_{suffix}", 1, values.shape, values.ravel().tolist()))
        nodes.append(
            onnx.helper.make_node(
                "Conv",
                [x, f"{name}_w_0", f"{name}_b_0"],
                [f"{name}_1"],
                kernel_shape=[3, 3],
                pads=[1, 1, 1, 1],
                strides=[1, 1],
            )
        )
        nodes.append(onnx.helper.make_node("Relu", [f"{name}_1"], [f"{name}_2"]))
        x = f"{name}_2"
    nodes.append(onnx.helper.make_node("Flatten", [x], ["flat"]))
    x = "flat"
    for name, outputs, inputs in top:
        tensors.append(
            onnx.numpy_helper.from_array(
                np.random.default_rng(0).random((outputs, inputs), dtype=np.float32), f"{name}_w_0"
            )
        )
        nodes.append(onnx.helper.make_node("Gemm", [x, f"{name}_w_0"], [f"{name}_1"], transB=1))
        x = f"{name}_1"
    value = onnx.helper.make_tensor_value_info
    inputs = [value("data_0", 1, [1, 3, 224, 224])] + [value(t.name, 1, list(t.dims)) for t in tensors]
    graph = onnx.helper.make_graph(nodes, "VGG", inputs, [value(x, 1, None)], tensors)
    onnx.save(onnx.helper.make_model(graph), path)


def matconvnet(path, layers, new, compress, top=()):
    """The input is RGB; kernels are [height, width, in, out]."""
    cells = []
    for index, (block, place, kernel, bias) in enumerate(layers):
        if index and block != layers[index - 1][0]:
            cells.append(
                {"type": "pool", "name": f"pool{block - 1}", "pool": np.array([[2.0, 2.0]]), "stride": 2.0, "pad": 0.0}
            )
        if index == 0:
            kernel = kernel[:, ::-1]
        kernel, name = np.asfortranarray(kernel.transpose(2, 3, 1, 0)), f"conv{block}_{place}"
        if new:
            weights = np.empty((1, 2), object)
            weights[0, 0], weights[0, 1] = kernel, bias[:, None]
            cells.append(
                {
                    "name": name,
                    "type": "conv",
                    "weights": weights,
                    "pad": 1.0,
                    "stride": 1.0,
                    "opts": np.empty((0, 0), object),
                }
            )
        else:
            cells.append(
                {"type": "conv", "name": name, "filters": kernel, "biases": bias[None, :], "pad": 1.0, "stride": 1.0}
            )
        cells.append({"type": "relu", "name": f"relu{block}_{place}"})
    for name, shape in top:
        weights = np.empty((1, 2), object)
        weights[0, 0] = np.random.default_rng(0).random(shape, dtype=np.float32)
        weights[0, 1] = np.zeros((shape[-1], 1), np.float32)
        cells.append({"name": name, "type": "conv", "weights": weights})
    row = np.empty((1, len(cells)), object)
    row[0, :] = cells
    mean = np.array(MEAN_BGR[::-1])
    classes = {
        "name": np.array([["n01440764", "n01443537"]], object),
        "description": np.array([["tench", "goldfish"]], object),
    }
    if new:
        rest = {
            "meta": {
                "normalization": {"imageSize": np.array([[224, 224, 3]]), "averageImage": mean[None, None]},
                "classes": classes,
            }
        }
    else:
        rest = {
            "normalization": {"averageImage": np.broadcast_to(mean, (8, 8, 3)).astype(np.float32)},
            "classes": classes,
        }
    scipy.io.savemat(path, {"layers": row, **rest}, do_compression=compress)


def small(output):
    output.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    layers = random_network("vgg19", NARROW, 1)
    picture = np.random.default_rng(2).random((3, 24, 20), dtype=np.float32)
    taps = ["relu2_2", "relu3_4", "relu4_2"]
    # The expected values.
    truth = {"picture": picture}
    truth |= {tap: values.astype(np.float64) for tap, values in features(layers, picture, taps).items()}
    normalised = normalise(layers, 3)
    truth |= {f"normalised.{tap}": v for tap, v in features(normalised, picture, taps).items()}
    sixteen = random_network("vgg16", NARROW, 4, fingerprint=False)
    truth |= {f"vgg16.{tap}": v for tap, v in features(sixteen, picture, ["relu2_1", "relu3_3"]).items()}
    assert all(np.any(values != 0) for name, values in truth.items() if "relu" in name), "a layer is dead"
    for block, place, kernel, bias in layers:
        truth[f"conv{block}_{place}.weight"], truth[f"conv{block}_{place}.bias"] = kernel, bias
    save_file({name: np.ascontiguousarray(values) for name, values in truth.items()}, output / "truth.safetensors")

    top = state_dict("vgg19", layers, [(7, 4), (7, 7), (3, 7)])
    torch.save(top, output / "zip.pth")
    torch.save(top, output / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(
        {"epoch": 3, "state_dict": {f"module.{k}": v for k, v in top.items()}},
        output / "checkpoint.pth",
        pickle_protocol=4,
    )
    half = {name: values.half() for name, values in top.items()}
    torch.save(half, output / "half.pth")
    gatys = {}
    for block, place, kernel, bias in layers:
        gatys[f"conv{block}_{place}.weight"] = torch.tensor(kernel).double()
        gatys[f"conv{block}_{place}.bias"] = torch.tensor(bias).double()
    torch.save(gatys, output / "double.pth", _use_new_zipfile_serialization=False)
    torch.save(adain("vgg19", normalised), output / "sequential.pth")
    save_file(
        {name: values.numpy() for name, values in top.items()},
        output / "torchvision.safetensors",
        metadata={"format": "pt"},
    )
    published = {"kernel": "{layer}_W_1:0", "bias": "{layer}_b_1:0", "top": {"fc1": (4, 7), "predictions": (7, 3)}}
    keras(output / "published.h5", layers, published)
    later = {"kernel": "{layer}/kernel:0", "bias": "{layer}/bias:0", "root": "model_weights"}
    keras(output / "later.h5", layers, later, ("v108", "v110"), chunks=True, compression="gzip", shuffle=True)
    keras3(output / "keras3.weights.h5", layers)
    caffe(output / "first.caffemodel", layers, 1, [("fc6", 7, 64)])
    caffe(output / "second.caffemodel", layers, 2, [("fc6", 7, 64)])
    caffe(output / "renamed.caffemodel", layers, 2, names=lambda index: f"layer{index}")
    to_onnx(output / "raw.onnx", layers, True, [("fc6", 7, 64)])
    to_onnx(output / "floats.onnx", layers, False)
    matconvnet(output / "new.mat", layers, True, True, [("fc6", (2, 2, 4, 7))])
    matconvnet(output / "old.mat", layers, False, False)
    np.savez(output / "numbered.npz", *[array for layer in layers for array in layer[2:]])
    rgb = [(b, p, k[:, ::-1] if i == 0 else k, bias) for i, (b, p, k, bias) in enumerate(layers)]
    named = {}
    for block, place, kernel, bias in rgb:
        named[f"conv{block}_{place}_W"] = np.asfortranarray(kernel.transpose(2, 3, 1, 0))
        named[f"conv{block}_{place}_b"] = bias
    np.savez_compressed(
        output / "named.npz", fc6_W=np.zeros((4, 7), np.float32), fc6_b=np.zeros(7, np.float32), **named
    )
    # Weights of an unknown training.
    to_onnx(output / "unknown.onnx", sixteen, True)
    np.savez(output / "unknown.npz", *[array for layer in sixteen for array in layer[2:]])
    caffe(output / "unknown.caffemodel", sixteen, 1)
    matconvnet(output / "unknown.mat", sixteen, True, True)
    hostile(output)
    sizes = {path.name: path.stat().st_size for path in sorted(output.iterdir())}
    print(json.dumps(sizes, indent=1), sum(sizes.values()))


class Calls:
    """An object whose unpickling calls a function, as in a hostile pickle."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def hostile(output):
    import builtins
    import os

    torch.save({"features.0.weight": Calls(os.system, "echo hostile")}, output / "system.pth")
    torch.save({"x": Calls(builtins.eval, "1")}, output / "eval.pth", _use_new_zipfile_serialization=False)
    torch.save({"x": Calls(builtins.exec, "pass")}, output / "exec.pth", pickle_protocol=4)

    # Shapes and chunks that announce gigabytes, without data.
    for name, shape, chunks in (
        ("sides.h5", (3, 3, 3, 30_000_000), (3, 3, 3, 64)),
        ("pieces.h5", (3, 3, 3, 4), (256, 256, 32, 32)),
    ):
        with h5py.File(output / name, "w") as file:
            group = file.create_group("block1_conv1/block1_conv1")
            group.create_dataset("kernel:0", shape, np.float32, chunks=chunks, maxshape=(None,) * 4, compression="gzip")
            group.create_dataset("bias:0", data=np.zeros(shape[-1] if shape[-1] < 100 else 4, np.float32))

    # Not valid networks, although parts of them are: `mixed.h5` has two first layers, `normalised.h5` a layer between
    # two others.
    layers = {
        "mixed.h5": ("enc/block1_conv1", "dec/block1_conv1"),
        "normalised.h5": ("block1_conv1", "block1_bn1", "block1_conv2"),
    }
    for name, groups in layers.items():
        with h5py.File(output / name, "w") as file:
            for index, group in enumerate(groups):
                group = file.create_group(group)
                if "bn" in group.name:
                    arrays = {"gamma:0": (3,), "beta:0": (3,), "moving_mean:0": (3,), "moving_variance:0": (3,)}
                else:
                    arrays = {"kernel:0": (3, 3, 3, 3), "bias:0": (3,)}
                for array, shape in arrays.items():
                    group.create_dataset(array, data=np.full(shape, index + 1, np.float32))


def full(output, formats):
    output.mkdir(parents=True, exist_ok=True)
    layers = random_network("vgg19", FULL, 1)
    classifier = [(4096, 25088), (4096, 4096), (1000, 4096)]
    top = [("fc6", 4096, 25088), ("fc7", 4096, 4096), ("fc8", 1000, 4096)]
    published = {"kernel": "{layer}_W_1:0", "bias": "{layer}_b_1:0"}
    writers = {
        "zip.pth": lambda path: torch.save(state_dict("vgg19", layers, classifier), path),
        "legacy.pth": lambda path: torch.save(
            state_dict("vgg19", layers, classifier), path, _use_new_zipfile_serialization=False
        ),
        "classifier.safetensors": lambda path: save_file(
            {k: v.numpy() for k, v in state_dict("vgg19", layers, classifier).items()}, path
        ),
        "notop.h5": lambda path: keras(path, layers, published),
        "first.caffemodel": lambda path: caffe(path, layers, 1, top),
        "raw.onnx": lambda path: to_onnx(path, layers, True, top),
        "new.mat": lambda path: matconvnet(
            path,
            layers,
            True,
            True,
            [("fc6", (7, 7, 512, 4096)), ("fc7", (1, 1, 4096, 4096)), ("fc8", (1, 1, 4096, 1000))],
        ),
        "numbered.npz": lambda path: np.savez(path, *[array for layer in layers for array in layer[2:]]),
    }
    for name, write in writers.items():
        if not formats or name in formats:
            write(output / name)
            print(name, (output / name).stat().st_size)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=FIXTURES)
    parser.add_argument("--full", type=Path)
    parser.add_argument("--formats", nargs="*", default=[])
    arguments = parser.parse_args()
    full(arguments.full, arguments.formats) if arguments.full else small(arguments.output)
