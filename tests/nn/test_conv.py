"""Convolutional nets for odd sizes and colours: shapes both ways, counts of weights, refusals."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genstudio.abilities import BadInput
from genstudio.nn.conv import conv_decoder, conv_encoder, conv_weights, pyramid


@settings(max_examples=15)
@given(
    st.integers(1, 3), st.integers(4, 33), st.integers(4, 33), st.integers(1, 2), st.integers(1, 3)
)
def test_any_size_comes_back(c, h, w, levels, channels):
    shape = (c, h, w)
    encoder = conv_encoder(shape, channels, levels, 5, 3, "relu", 0.5)
    decoder = conv_decoder(shape, channels, levels, 5, 2, "relu")
    assert encoder(torch.rand(2, *shape)).shape == (2, 3)
    assert decoder(torch.randn(2, 2)).shape == (2, *shape)
    weights = sum(p.numel() for net in (encoder, decoder) for p in net.parameters())
    assert weights == conv_weights(shape, channels, levels, 5, 3, 2)


def test_shapes_of_28_by_28():
    assert pyramid((1, 28, 28), 32, 2) == [(1, 28, 28), (32, 14, 14), (64, 7, 7)]


def test_too_small_images_are_refused_in_one_sentence():
    with pytest.raises(BadInput, match="at least 8 x 8 pixels, got 7 x 30"):
        pyramid((1, 7, 30), 32, 3)


def test_every_pixel_reaches_the_code():
    encoder = conv_encoder((2, 13, 11), 4, 2, 8, 3, "silu")
    x = torch.rand(1, 2, 13, 11, requires_grad=True)
    encoder(x).sum().backward()
    reached = (x.grad != 0).any(1)[0]
    assert reached[:12, :10].all()  # an odd last row or column may fall off when halved
