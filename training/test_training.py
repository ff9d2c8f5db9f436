"""python test_training.py: what training must not get wrong, on a network of a few channels and pictures of noise; seconds."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from PIL import Image

from export import mean_squares, rescaled, save
from losses import Heads, kernel
from network import Design, File, Teacher, Vgg

# Sums of a few thousand products in single precision.
SINGLE = 1e-4
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
    # Inner products through the metric are those of the head, but for the units.
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
    # Where no edge reaches it is as without one, and only there.
    assert apart(inside["1_2"][..., 2:-2, 2:-2], bare["1_2"][..., 2:-2, 2:-2]) < SINGLE
    assert apart(inside["1_2"], bare["1_2"]) > 0.01


def test_heads_find_a_linear_map():
    rows, matrix = torch.rand(200, 5), torch.randn(5, 9)
    heads = Heads({"1_1": 5}, {"1_1": 9})
    heads.solve("1_1", rows, rows @ matrix, ridge=1e-9)
    assert heads("1_1", rows, rows @ matrix) < SINGLE


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
        (folder / "pictures").mkdir()
        for number in range(3):
            data = (torch.rand(200, 220, 3) * 255).to(torch.uint8).numpy()
            Image.fromarray(data).save(folder / "pictures" / f"{number}.png")

        def run(name, at_most):
            command = [sys.executable, Path(__file__).parent / "distil.py", "--teacher", folder / "teacher.safetensors"]
            command += ["--pictures", folder / "pictures", "--run", folder / name, "--widths", "4", "4", "4", "4", "4"]
            command += ["--pixels", 128 * 128, "--steps", steps, "--stop-at", at_most, "--threads", 1, "--device", "cpu", "--report", 3]
            subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)

        run("whole", steps)
        run("broken", steps // 2)
        run("broken", steps)
        whole, broken = ((folder / name / "student.safetensors").read_bytes() for name in ("whole", "broken"))
        assert whole == broken
        lines = (folder / "broken" / "curve.jsonl").read_text().splitlines()
        assert [json.loads(line)["step"] for line in lines] == [3, 6]


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print(f"{name}: passed", flush=True)
