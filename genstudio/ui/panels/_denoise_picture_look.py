"""What the arrays of a walk look like: model scale in, pixels out. No Qt here.

| kind | array | shown as |
|---|---|---|
| x0_hat | clean guess | (v + 1) / 2, clipped to [0, 1] |
| x_t | x at t | (v + 1) / 2, clipped: noise reaches beyond both ends |
| noise_hat | predicted noise | grey from -3 to +3 standard deviations |
| change | x at t minus x at the step before | blue below zero, black at zero, amber above |
"""

from __future__ import annotations

from functools import cache

import numpy as np

KINDS = ("x0_hat", "x_t", "noise_hat", "change")
NOISE_LIMIT = 3.0  # standard deviations at the ends of the grey
LEAST_LIMIT = 1e-3  # of the change's scale: less is called zero
_SHARE = 99.5  # % of the values that the change's scale takes in
_ENDS = (0.2, 0.82, 0.13)  # OKLab: lightness in the middle and at the ends, chroma at the ends
_HUES = (245.0, 75.0)  # degrees, below and above zero


def pixels(kind: str, values: np.ndarray, limit: float = 1.0) -> np.ndarray:
    """Images `values` (N, C, H, W), C of 1 or 3, in the model's scale as contiguous uint8 (N, H, W)
    or (N, H, W, 3).

    `limit` is the value at the ends of the colours of a change, whose channels are averaged. A kind
    that is none of the four is shown as x_t is.
    """
    if kind == "change":
        grey = values[:, 0] if values.shape[1] == 1 else values.mean(axis=1)  # (N, H, W)
        return diverging().take(_to_bytes(grey, limit), axis=0)
    return channels_last(_to_bytes(values, NOISE_LIMIT if kind == "noise_hat" else 1.0))


def channels_last(images: np.ndarray) -> np.ndarray:
    """(N, 1, H, W) as (N, H, W), (N, 3, H, W) as (N, H, W, 3), contiguous."""
    if images.shape[1] == 1:
        return np.ascontiguousarray(images[:, 0])
    return np.ascontiguousarray(np.moveaxis(images, 1, -1))


def change_limit(change: np.ndarray) -> float:
    """The scale of a change: 1, 2 or 5 times a power of ten that takes in almost all values."""
    size = np.abs(change[np.isfinite(change)])
    reach = max(float(np.percentile(size, _SHARE)) if size.size else 0.0, LEAST_LIMIT)
    power = 10.0 ** np.floor(np.log10(reach))
    return float(next(m * power for m in (1, 2, 5, 10) if m * power >= reach * (1 - 1e-9)))


@cache
def diverging() -> np.ndarray:
    """Blue to black to amber, uint8 (256, 3), read only; lightness rises evenly to both sides.

    Source: Ottosson 2020, "A perceptual color space for image processing" (OKLab).
    """
    s = np.linspace(-1.0, 1.0, 256)
    dark, light, colourful = _ENDS
    hue = np.deg2rad(np.where(s < 0, *_HUES))
    chroma = colourful * np.abs(s)
    lab = np.stack([dark + (light - dark) * abs(s), chroma * np.cos(hue), chroma * np.sin(hue)])
    to_cone = [
        [1, 0.3963377774, 0.2158037573],
        [1, -0.1055613458, -0.0638541728],
        [1, -0.0894841775, -1.2914855480],
    ]
    to_linear = [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
    linear = np.clip(np.array(to_linear) @ (np.array(to_cone) @ lab) ** 3, 0.0, 1.0)  # (3, 256)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    table = np.rint(srgb.T * 255.0).astype(np.uint8)
    table.flags.writeable = False
    return table


def _to_bytes(values: np.ndarray, limit: float) -> np.ndarray:
    """[-limit, limit] as 0..255, clipped; NaN is 0."""
    half = np.float32(127.5)
    scaled = np.multiply(values, half / np.float32(limit), dtype=np.float32)
    scaled += half + np.float32(0.5)
    np.fmax(scaled, 0.0, out=scaled)  # of NaN and 0 it takes 0
    np.fmin(scaled, 255.0, out=scaled)
    return scaled.astype(np.uint8)
