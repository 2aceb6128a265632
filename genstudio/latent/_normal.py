"""The standard normal distribution function and its inverse in double precision. numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]

# Cody (1969), Rational Chebyshev approximations for the error function: highest power first.
_ERF_P = (
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
_ERF_Q = (
    1.0,
    2.36012909523441209e1,
    2.44024637934444173e2,
    1.28261652607737228e3,
    2.84423683343917062e3,
)
_ERFC_P = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
_ERFC_Q = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)
_TAIL_P = (
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4,
)
_TAIL_Q = (
    1.0,
    2.56852019228982242e0,
    1.87295284992346047e0,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3,
)

# Wichura (1988), Algorithm AS 241: highest power first.
_MIDDLE_P = (
    2.50908092873012267270e3,
    3.34305755835881281050e4,
    6.72657709270087008530e4,
    4.59219539315498714570e4,
    1.37316937655094611250e4,
    1.97159095030655144270e3,
    1.33141667891784377450e2,
    3.38713287279636660800e0,
)
_MIDDLE_Q = (
    5.22649527885285456100e3,
    2.87290857357219426740e4,
    3.93078958000927106100e4,
    2.12137943015865958670e4,
    5.39419602142475110770e3,
    6.87187007492057908300e2,
    4.23133307016009112520e1,
    1.0,
)
_NEAR_P = (
    7.74545014278341407640e-4,
    2.27238449892691845833e-2,
    2.41780725177450611770e-1,
    1.27045825245236838258e0,
    3.64784832476320460504e0,
    5.76949722146069140550e0,
    4.63033784615654529590e0,
    1.42343711074968357734e0,
)
_NEAR_Q = (
    1.05075007164441684324e-9,
    5.47593808499534494600e-4,
    1.51986665636164571966e-2,
    1.48103976427480074590e-1,
    6.89767334985100004550e-1,
    1.67638483018380384940e0,
    2.05319162663775882187e0,
    1.0,
)
_FAR_P = (
    2.01033439929228813265e-7,
    2.71155556874348757815e-5,
    1.24266094738807843860e-3,
    2.65321895265761230930e-2,
    2.96560571828504891230e-1,
    1.78482653991729133580e0,
    5.46378491116411436990e0,
    6.65790464350110377720e0,
)
_FAR_Q = (
    2.04426310338993978564e-15,
    1.42151175831644588870e-7,
    1.84631831751005468180e-5,
    7.86869131145613259100e-4,
    1.48753612908506148525e-2,
    1.36929880922735805310e-1,
    5.99832206555887937690e-1,
    1.0,
)


def _ratio(p: tuple[float, ...], q: tuple[float, ...], x: Float) -> Float:
    return np.asarray(np.polyval(p, x) / np.polyval(q, x), np.float64)


def _erfc_positive(x: Float) -> Float:
    """erfc(x) for x >= 0, relative error below 1e-15 up to x = 26."""
    out = np.empty_like(x)
    low, high = x <= 0.46875, x > 4.0
    middle = ~(low | high)
    if low.any():
        t = x[low]
        out[low] = 1.0 - t * _ratio(_ERF_P, _ERF_Q, t * t)
    if middle.any():
        t = x[middle]
        out[middle] = _exp_minus_square(t) * _ratio(_ERFC_P, _ERFC_Q, t)
    if high.any():
        t = x[high]
        inverse = 1.0 / (t * t)
        series = 1.0 / np.sqrt(np.pi) - inverse * _ratio(_TAIL_P, _TAIL_Q, inverse)
        out[high] = _exp_minus_square(t) * series / t
    return out


def _exp_minus_square(x: Float) -> Float:
    """exp(-x^2) without the rounding of x^2 (Cody's splitting at sixteenths)."""
    coarse = np.trunc(x * 16.0) / 16.0
    return np.asarray(np.exp(-coarse * coarse) * np.exp(-(x - coarse) * (x + coarse)), np.float64)


def cdf(x: ArrayLike) -> Float:
    """Phi(x), the share of a standard normal below x (Cody 1969); relative error below 1e-14."""
    x = np.asarray(x, np.float64)
    half = 0.5 * _erfc_positive(np.atleast_1d(np.abs(x)) / np.sqrt(2.0)).reshape(x.shape)
    return np.where(x < 0, half, 1.0 - half)


def quantile(p: ArrayLike) -> Float:
    """The inverse of Phi (Wichura 1988, AS 241), relative error 1e-16; -inf at 0, inf at 1."""
    p = np.asarray(p, np.float64)
    flat = np.atleast_1d(p)
    q = flat - 0.5
    out = np.empty_like(flat)
    middle = np.abs(q) <= 0.425
    t = q[middle]
    out[middle] = t * _ratio(_MIDDLE_P, _MIDDLE_Q, 0.180625 - t * t)
    outer = ~middle
    if outer.any():
        tail = np.minimum(flat[outer], 1.0 - flat[outer])
        with np.errstate(divide="ignore", invalid="ignore"):
            r = np.sqrt(-np.log(tail))
            near = _ratio(_NEAR_P, _NEAR_Q, np.minimum(r, 5.0) - 1.6)
            far = _ratio(_FAR_P, _FAR_Q, np.where(np.isinf(r), 0.0, r) - 5.0)
        size = np.where(np.isinf(r), np.inf, np.where(r <= 5.0, near, far))
        out[outer] = np.copysign(size, q[outer])
    return out.reshape(p.shape)
