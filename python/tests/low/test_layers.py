"""Names of layers, tables and summaries. The truth is what Keras and torchvision print for their VGG-19."""

from __future__ import annotations

import pickle
import re

import impasto
import numpy as np
import pytest
from impasto._layers import Layer, resolve
from impasto.encoder import Encoder
from low_shared import picture

KERAS_TOTAL = 20_024_384
"""`keras.applications.VGG19(include_top=False).count_params()`."""

KERAS_ROWS = {
    "block1_conv1": 1_792,
    "block1_conv2": 36_928,
    "block2_conv1": 73_856,
    "block3_conv1": 295_168,
    "block4_conv1": 1_180_160,
    "block5_conv4": 2_359_808,
}
"""Rows that Keras prints in its summary of VGG19."""


@pytest.fixture(scope="module")
def vgg19() -> Encoder:
    """Returns a VGG-19 of full width with random weights."""
    return impasto.Encoder("random:vgg19?seed=0")


def test_the_summary_has_the_numbers_that_keras_prints(vgg19: Encoder) -> None:
    summary = vgg19.summary()
    assert f"Total params: {KERAS_TOTAL:,} (76.39 MB)" in summary
    for row, count in KERAS_ROWS.items():
        assert re.search(rf"{row} \(Conv2D\) +│ \(None, None, None, \d+\) +│ +{count:,} │", summary), row
    assert summary.count("MaxPooling2D") == 4, "a pooling lies between two blocks"
    assert repr(summary) == str(summary), "a notebook shows it as it is printed"


def test_names_of_keras_and_torchvision_stand_for_layers(vgg19: Encoder) -> None:
    assert vgg19.layer("block4_conv2").name == "relu4_2"
    # torchvision.models.vgg19().features: 0 conv, 1 relu, 2 conv, 3 relu, 4 pool, 5 conv ... 22 relu4_2, 29 relu5_1.
    for index, name in {1: "relu1_1", 3: "relu1_2", 6: "relu2_1", 11: "relu3_1", 20: "relu4_1", 29: "relu5_1"}.items():
        assert vgg19.layer(index).name == name
        assert vgg19.layer(str(index)).name == name
    assert vgg19.layer(22).name == "relu4_2" and vgg19.layer(35).name == "relu5_4"


@pytest.mark.parametrize(
    ("name", "instead"),
    [("conv_4", "relu2_2"), ("conv4_2", "relu4_2"), (21, "relu4_2"), (0, "relu1_1"), (4, "relu1_2"),
     ("block3_pool", "relu3_4")],
)  # fmt: skip
def test_a_convolution_before_its_relu_is_refused_with_the_relu_named(
    vgg19: Encoder, name: str | int, instead: str
) -> None:
    with pytest.raises(impasto.InvalidOption, match=instead):
        vgg19.layer(name)


@pytest.mark.parametrize("name", ["relu9_1", "block9_conv1", "nonsense", 99])
def test_an_unknown_layer_is_refused(vgg19: Encoder, name: str | int) -> None:
    with pytest.raises(impasto.Error):
        vgg19.features(picture(1), name)


def test_a_layer_may_be_named_once(lite: Encoder) -> None:
    with pytest.raises(impasto.InvalidOption, match="twice"):
        lite.features(picture(1), ["relu1_1", "block1_conv1"])


def test_the_keys_are_the_names_as_they_were_given(lite: Encoder) -> None:
    x = picture(1)
    found = lite.features(x, ["block1_conv1", "relu2_1"])
    assert list(found) == ["block1_conv1", "relu2_1"]
    np.testing.assert_array_equal(found["block1_conv1"], lite.features(x, "relu1_1")["relu1_1"])


def test_the_table_says_what_each_layer_is(vgg19: Encoder) -> None:
    lines = repr(vgg19).splitlines()
    assert lines[1].split() == ["layer", "channels", "stride", "receptive", "field"]
    # 156 pixels: by hand for relu5_1, 5 | 6 14 | 16 48 | 52 116 | 124 156.
    assert ["relu5_1", "512", "16", "156"] in [line.split() for line in lines]
    assert vgg19._repr_html_().count("<tr>") == 17


def test_an_encoder_pickles_by_its_name(lite: Encoder) -> None:
    again = pickle.loads(pickle.dumps(impasto.Encoder("lite", pooling="average")))
    assert again.pooling == "average" and again.layers == lite.layers


def test_preprocess_and_deprocess_are_inverse(vgg19: Encoder) -> None:
    x = picture(2)
    y = vgg19.preprocess(x)
    # The ImageNet mean and deviation, as in torchvision's documentation.
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    np.testing.assert_allclose(y, ((x - mean) / deviation).transpose(2, 0, 1), atol=1e-5)
    np.testing.assert_allclose(vgg19.deprocess(y), x, atol=1e-6)


def test_names_resolve_without_a_network() -> None:
    layers = [Layer("relu1_1", 3, 4, 1, 3, True), Layer("relu2_1", 4, 8, 2, 8, False)]
    assert resolve(1, layers) == "relu1_1" and resolve(4, layers) == "relu2_1"
