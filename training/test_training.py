"""python test_training.py: tests the training on a network of a few channels and pictures of noise; takes seconds."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file, save_file

from chain import CONVS, decoder_convs, moments, moved
from export import mean_squares, rescaled, save
from losses import Heads, kernel
from network import Design, File, Teacher, Vgg
from pictures import fingerprints, is_held, learned_and_held

# Sums of a few thousand products in single precision.
SINGLE = 1e-4
# The 1e-5 that is added to a variance, relative to 0.08, the variance of numbers between 0 and 1.
RIDGE = 3e-4
NARROW = Design(((4, 4), (5, 5), (6, 6, 6, 6), (7, 7, 7, 7), (8,)), "max", "replicate-first")


def network(design=NARROW, seed=0):
    torch.manual_seed(seed)
    student = Vgg(design)
    student.input_weight.copy_(torch.diag(torch.tensor([4.0, 5.0, 6.0])))
    student.input_bias.copy_(torch.tensor([-2.0, -2.5, -3.0]))
    return student


def canonical(student):
    return File(student.design, student.folded())


def apart(one, other):
    return float((one - other).abs().max() / other.abs().max())


def drawn(folder, learned):
    """A folder of pictures of noise, one of them held out. The bytes decide, so pictures are drawn until one is held
    out."""
    folder.mkdir()
    found = {True: 0, False: 0}
    for number in range(10_000):
        path = folder / f"{number}.png"
        Image.fromarray((torch.rand(200, 220, 3) * 255).to(torch.uint8).numpy()).save(path, compress_level=0)
        held = is_held(path)
        if found[held] == (1 if held else learned):
            path.unlink()
        else:
            found[held] += 1
        if found == {True: 1, False: learned}:
            return
    raise AssertionError("none is held back")


def test_folded_normalisations_change_nothing():
    student, batch = network(), torch.rand(2, 3, 64, 64)
    for _ in range(20):
        student(batch)
    student.eval()
    with torch.no_grad():
        plain = Vgg(NARROW, normalised=False).load(canonical(student))(batch)
        for layer, features in student(batch).items():
            assert apart(plain[layer], features) < SINGLE, layer


def test_other_units_are_the_same_network():
    file = canonical(network().eval())
    file.tensors["head2_1.weight"] = torch.randn(20, 5)
    picture = (torch.rand(3, 64, 64) * 255).to(torch.uint8)
    found = mean_squares(file, [picture])
    wanted = tuple({layer: more + place for place, layer in enumerate(found[0])} for more in (10.0, 30.0))
    wanted[1].update({layer: square for layer, square in wanted[0].items() if layer != "2_1"})
    other = rescaled(file, found, wanted)
    for squares, asked in zip(mean_squares(other, [picture]), wanted):
        for layer, square in squares.items():
            assert abs(square / asked[layer] - 1) < SINGLE, layer
    with torch.no_grad():
        rgb = picture[None].float() / 255
        before, after = (Vgg(NARROW, normalised=False).load(of)(rgb) for of in (file, other))
    assert apart(after["5_1"] / after["5_1"].norm(), before["5_1"] / before["5_1"].norm()) < SINGLE
    # Inner products through the metric are those of the head, except for the units.
    old, new = (of["2_1"][0].flatten(1).T @ matrix.T for of, matrix in
                ((before, file.tensors["head2_1.weight"]), (after, other.tensors["metric2_1.weight"])))
    assert kernel(new[::7], old[::7]) < SINGLE


def test_a_widened_network_has_the_old_features_first():
    file, batch = canonical(network().eval()), torch.rand(1, 3, 64, 64)
    wide = Vgg(Design(((8, 8), (9, 9), (9,) * 4, (12,) * 4, (12,)), "max", "replicate-first")).widen(file)
    wide.settle(batch)
    with torch.no_grad():
        old, new = Vgg(NARROW, normalised=False).load(file)(batch), wide.eval()(batch)
    for layer, features in old.items():
        assert apart(new[layer][:, : features.shape[1]], features) < SINGLE, layer


def test_the_kernel_sees_rotations_and_units_as_nothing():
    rows = torch.rand(100, 8)
    turned = torch.linalg.qr(torch.randn(8, 8)).Q
    assert kernel(3 * rows @ turned, rows) < SINGLE
    assert kernel(torch.rand(100, 8), rows) > 0.01


def test_a_margin_is_cut_off_where_it_was_put():
    student, batch = network().eval(), torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        bare, inside = student(batch), student.inside(batch, tuple(student.convs), 32)
    for layer, features in inside.items():
        assert features.shape == bare[layer].shape
    # Beyond the reach of an edge the features are as without a margin, and only there.
    for layer, reach in (("1_2", 2), ("2_2", 3), ("3_1", 3)):
        middle = (..., slice(reach, -reach), slice(reach, -reach))
        assert apart(inside[layer][middle], bare[layer][middle]) < SINGLE, layer
        assert apart(inside[layer], bare[layer]) > 0.01, layer
    for margin in (8, 64):
        try:
            student.inside(batch, ("5_1",), margin)
        except SystemExit:
            continue
        raise AssertionError(f"a margin of {margin} is taken")


def test_heads_find_a_linear_map():
    rows, matrix = torch.rand(200, 5), torch.randn(5, 9)
    heads = Heads({"1_1": 5}, {"1_1": 9})
    heads.solve("1_1", rows, rows @ matrix, ridge=1e-9)
    assert heads("1_1", rows, rows @ matrix) < SINGLE


def test_what_is_judged_is_not_learned_from():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        drawn(folder / "pictures", learned=3)
        paths = sorted((folder / "pictures").iterdir(), key=is_held)
        learned, held = learned_and_held([folder / "pictures"])
        assert (len(learned), len(held)) == (3, 1)
        # The same picture, mirrored, reduced and as a JPEG file.
        (folder / "judged").mkdir()
        ImageOps.mirror(Image.open(paths[0])).resize((110, 100)).save(folder / "judged" / "0.jpg")
        learned, held = learned_and_held([folder / "pictures"], fingerprints([folder / "judged"]))
        assert (len(learned), len(held)) == (2, 1)
        try:
            fingerprints([folder / "misspelt"])
        except SystemExit as error:
            assert "no pictures" in str(error)
        else:
            raise AssertionError("a folder that is not there excludes nothing, in silence")


def test_predictions_are_clipped():
    file = canonical(network().eval())
    file.tensors |= {"head1_1.weight": -torch.ones(6, 4), "head1_1.bias": torch.zeros(6)}
    teacher = Teacher(file)
    assert teacher.widths(["1_1", "4_2"]) == {"1_1": 6, "4_2": 7}
    assert teacher.predict("1_1", torch.rand(10, 4)).abs().max() == 0
    assert Teacher(file, clipped=False).predict("1_1", torch.rand(10, 4)).max() < 0


def test_a_run_that_was_broken_off_goes_on_as_if_it_had_not_been(steps=6):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        save(folder / "teacher.safetensors", canonical(network(seed=1).eval()), {}, half=False)
        drawn(folder / "pictures", learned=3)

        def run(name, at_most, *more):
            command = [sys.executable, Path(__file__).parent / "distil.py", "--teacher", folder / "teacher.safetensors"]
            command += ["--pictures", folder / "pictures", "--run", folder / name, "--widths", "4", "4", "4", "4", "4"]
            command += [
                "--pixels",
                128 * 128,
                "--steps",
                steps,
                "--stop-at",
                at_most,
                "--threads",
                1,
                "--device",
                "cpu",
                "--report",
                3,
                "--margins",
                16,
                0,
            ]
            command += more
            return subprocess.run([str(word) for word in command], check=not more, capture_output=True, text=True)

        run("whole", steps)
        run("broken", steps // 2)
        run("broken", steps)
        other = run("broken", steps, "--rate", 0.5)
        assert other.returncode and "begun with rate 0.001, not 0.5" in other.stderr
        whole, broken = ((folder / name / "student.safetensors").read_bytes() for name in ("whole", "broken"))
        assert whole == broken
        lines = (folder / "broken" / "curve.jsonl").read_text().splitlines()
        assert [json.loads(line)["step"] for line in lines] == [3, 6]


def test_moved_features_have_the_moments_of_the_style():
    content, style = torch.rand(1, 5, 12, 10), torch.rand(1, 5, 9, 11) ** 2 * 3
    for found, wanted in zip(moments(moved(content, style)), moments(style)):
        assert apart(found, wanted) < RIDGE


def levels(width=4):
    """Two levels of random weights, with the published names."""
    torch.manual_seed(3)
    tensors = {}

    def conv(name, inputs, outputs):
        tensors[f"{name}.weight"] = torch.randn(outputs, inputs, 3, 3) * (2 / (9 * inputs)) ** 0.5
        tensors[f"{name}.bias"] = torch.full((outputs,), 0.1)

    for level in (1, 2):
        tensors[f"encoder{level}.input.weight"], tensors[f"encoder{level}.input.bias"] = torch.eye(3), torch.zeros(3)
        convs = [(b, i) for b in range(1, level + 1) for i in range(1, (CONVS[b - 1] if b < level else 1) + 1)]
        for block, place in convs:
            conv(f"encoder{level}.conv{block}_{place}", 3 if (block, place) == (1, 1) else width, width)
        for block, place in decoder_convs(level):
            conv(f"decoder{level}.conv{block}_{place}", width, 3 if (block, place) == (1, 1) else width)
    return tensors


def test_decoders_learn_go_on_and_leave_the_encoders_as_they_are(steps=6):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        save_file(levels(), folder / "published.safetensors")
        drawn(folder / "pictures", learned=3)

        def run(name, at_most, *more):
            command = [
                sys.executable,
                Path(__file__).parent / "decoders.py",
                folder / "published.safetensors",
                "--pictures",
                folder / "pictures",
            ]
            command += ["--run", folder / name, "--levels", 2, 1, "--size", 64, "--steps", steps, "--stop-at", at_most]
            command += ["--threads", 1, "--device", "cpu", "--report", 3, *more]
            return subprocess.run([str(word) for word in command], check=not more, capture_output=True, text=True)

        run("whole", steps)
        run("broken", steps // 2)
        run("broken", steps)
        other = run("broken", steps, "--rate", 0.5)
        assert other.returncode and "begun with --rate 0.002" in other.stderr
        whole, broken = ((folder / name / "levels.safetensors").read_bytes() for name in ("whole", "broken"))
        assert whole == broken
        before, after = load_file(folder / "published.safetensors"), load_file(folder / "whole" / "levels.safetensors")
        assert before.keys() == after.keys()
        for name in before:
            assert torch.equal(before[name], after[name]) == name.startswith("encoder"), name
        lines = [json.loads(line) for line in (folder / "whole" / "curve.jsonl").read_text().splitlines()]
        assert [line["step"] for line in lines] == [0, 3, 6]
        assert sum(lines[-1]["held"].values()) < sum(lines[0]["held"].values())


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print(f"{name}: passed", flush=True)
