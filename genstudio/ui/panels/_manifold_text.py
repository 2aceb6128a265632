"""What goes out of the Manifold as words: z as text, as Python, and the help. No Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

HELP = """
<p>Every cell is the <b>decoded image</b> of the latent point in its middle: x = decoder(z). Move
the pointer and the point under it is decoded; zoom in and the cells on screen are decoded anew.</p>
<p><b>Points</b> are the means of q(z | x) of images x from the data set, coloured by class.</p>
<p><b>Ellipses</b> are q(z | x) = N(mean, sigma<sup>2</sup>) at 1 and 2 sigma; they hold 39&nbsp;%
and 86&nbsp;% of its mass in the plane (1 - exp(-n<sup>2</sup>/2)). In more than two dimensions
<i>marginal</i> is what the plane's two coordinates do whatever the others are, and <i>slice</i>
the density where the plane cuts the ellipsoid.</p>
<p><b>Prior</b> lines stand at 1, 2 and 3 sigma of N(0, I), or for a model without a prior of the
Gaussian of its encodings. <b>Quantile</b> spacing puts z at Phi(z): equal areas of the map then
hold equal mass of the prior.</p>
<p><b>Sample from the posterior</b>: z = mean + sigma &times; noise with noise from N(0, I).</p>
<p><b>log p(z)</b> is the prior's log density. <b>Cycle error</b> is how far encoding the decoded
image leads away from z, in standard deviations of the prior (root mean square over dimensions):
large where the decoder was never trained.</p>
<p><b>Norm of the shell</b>: in D dimensions the mass of N(0, I) lies near norm &radic;D; with the
switch on every z is moved along its ray to that norm.</p>
<p>Sources: Kingma &amp; Welling 2014, Auto-Encoding Variational Bayes (eq. 4, appendix B,
figure 4); White 2016, Sampling Generative Networks (the shell).</p>
"""

NOISE_NOTE = (
    "z is the noise that sampling begins with: the map is a plane through three draws, moved to the"
    " shell where noise lies. Each cell is a whole walk, and images are not shown as points."
)


def z_text(z: ArrayLike) -> str:
    """z as numbers that read back to the same float32, with commas."""
    return ", ".join(repr(float(f"{v:.9g}")) for v in np.asarray(z, np.float32).reshape(-1))


def as_python(source: str, z: ArrayLike) -> str:
    """A script that decodes z with the model `source`."""
    return (
        "import torch\n"
        "\n"
        "import genstudio\n"
        "\n"
        f"model = genstudio.load({source!r})\n"
        f"z = torch.tensor([[{z_text(z)}]])  # (1, {np.size(z)})\n"
        "with torch.no_grad():\n"
        "    image = model.decode(z)  # (1, C, H, W), values in [0, 1]\n"
    )


def figure(value: float, digits: int = 2) -> str:
    """A number for a row: fixed digits, a true minus."""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = f"{0:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def figures(values: ArrayLike, digits: int = 2) -> str:
    return "  ".join(figure(float(v), digits) for v in np.asarray(values).reshape(-1))
