#!/usr/bin/env python3
"""One process of PyTorch for `versus_pytorch.py`: times evaluations of Gatys's objective and prints JSON.

The work is an encoder to relu5_1, Gram losses at relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1, a content loss at
relu4_2, and the gradient by the pixels. Weights need no gradient, and ReLU works in place. VGG-19 has random weights:
their values do not affect the time.

    python benches/torch_objective.py --model vgg19 --size 512 --device cuda --precision tf32 --mode graph
"""

import argparse
import json
import pathlib
import statistics
import time

import torch
import torch.nn.functional as functional

LITE = pathlib.Path(__file__).resolve().parent.parent / "crates/impasto-encoder/src/lite.safetensors"
BLOCKS = [2, 2, 4, 4, 1]
WIDTHS = [64, 128, 256, 512, 512]
NAMES = [f"conv{block + 1}_{place + 1}" for block, count in enumerate(BLOCKS) for place in range(count)]
STYLE = ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"]
CONTENT = "conv4_2"
# Evaluations before the first that is timed, on a card: clocks rise, and cuDNN and the compiler choose kernels.
WARM = 10


def weights(model):
    """Pairs of weights and biases, layer by layer."""
    if model == "lite":
        from safetensors.torch import load_file

        tensors = load_file(LITE)
        return [(tensors[f"{name}.weight"].float(), tensors[f"{name}.bias"].float()) for name in NAMES]
    layers, inputs = [], 3
    for name in NAMES:
        outputs = WIDTHS[int(name[4]) - 1]
        scale = (2.0 / (9 * inputs)) ** 0.5
        layers.append((torch.randn(outputs, inputs, 3, 3) * scale, torch.zeros(outputs)))
        inputs = outputs
    return layers


class Objective:
    """Gatys's objective with random targets."""

    def __init__(self, options, device):
        self.memory = torch.channels_last if options.layout == "channels_last" else torch.contiguous_format
        self.flat_last = options.layout == "channels_last"
        self.device, self.size = device, options.size
        self.layers = [
            (weight.to(device).contiguous(memory_format=self.memory), bias.to(device))
            for weight, bias in weights(options.model)
        ]
        with torch.no_grad(), self.precision(options):
            seen = self.features(self.picture())
            self.aims = {name: self.gram(seen[name]) for name in STYLE}
            self.content = self.features(self.picture())[CONTENT].clone()

    def precision(self, options):
        """The context in which features are computed."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=options.precision == "bf16")

    def picture(self):
        return torch.rand(1, 3, self.size, self.size, device=self.device).contiguous(memory_format=self.memory)

    def features(self, x):
        kept = {}
        for name, (weight, bias) in zip(NAMES, self.layers):
            if name[6] == "1" and name != "conv1_1":
                x = functional.max_pool2d(x, 2)
            x = functional.relu_(functional.conv2d(x, weight, bias, padding=1))
            kept[name] = x
        return kept

    def gram(self, x):
        flat = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1]) if self.flat_last else x[0].flatten(1).T
        return flat.T @ flat / flat.numel()

    def loss(self, image):
        kept = self.features(image)
        loss = functional.mse_loss(kept[CONTENT].float(), self.content.float())
        for name in STYLE:
            loss = loss + functional.mse_loss(self.gram(kept[name]).float(), self.aims[name].float())
        return loss


def graphed(step, image):
    """The step as one CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    image.grad = None
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def peak_bytes(device):
    """The most memory that was in use: of the card, or of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="vgg19", choices=["vgg19", "lite"])
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--layout", default="NCHW", choices=["NCHW", "channels_last"])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--evaluations", type=int, default=5)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, ...")
    parser.add_argument("--precision", default="f32", choices=["f32", "tf32", "bf16"])
    parser.add_argument("--mode", default="eager", choices=["eager", "compiled", "graph"])
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    device = torch.device(options.device)
    # In f32 the matrix units stay off: they round features to ten bits.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.precision == "tf32"
    torch.backends.cudnn.benchmark = True

    objective = Objective(options, device)
    image = objective.picture().requires_grad_(True)
    loss_of = torch.compile(objective.loss) if options.mode == "compiled" else objective.loss

    def step():
        with objective.precision(options):
            loss = loss_of(image)
        loss.backward()

    work = graphed(step, image) if options.mode == "graph" else step
    on_card = device.type != "cpu"
    seconds = []
    for _ in range(options.evaluations + (WARM if on_card else 1)):
        if options.mode != "graph":
            image.grad = None
        if on_card:
            torch.accelerator.synchronize()
        start = time.perf_counter()
        work()
        if on_card:
            torch.accelerator.synchronize()
        seconds.append(time.perf_counter() - start)
    timed = seconds[-options.evaluations :]
    print(json.dumps({"seconds": statistics.median(timed), "bytes": peak_bytes(device)}))


if __name__ == "__main__":
    main()
