"""Interpolate's help. No Qt."""

from __future__ import annotations

HELP = """
<p>Images A and B are <b>encoded</b> (their codes are the means of q(z | x)) and joined by three
paths through the latent space; every frame is the decoded image of a point on a path. Drag the
handle along a path: the picture follows the hand. Pull a path to give it a <b>way-point</b>.</p>
<p><b>Straight</b> (lerp): z = (1 &minus; t) A + t B. <b>Spherical</b> (slerp): the arc about the
mean code, sin((1 &minus; t)w)/sin w &middot; u + sin(tw)/sin w &middot; v, where u and v lead from
the mean to A and B and w is the angle between them. <b>Geodesic</b>: of all paths the one of least
energy (F &minus; 1) &Sigma; &#8214;x<sub>i+1</sub> &minus; x<sub>i</sub>&#8214;<sup>2</sup> in the
F pictures that it decodes to, that is, least energy under the decoder's pull-back metric J'J; it
gets better while nothing else is asked.</p>
<p><b>Length</b> is &Sigma; &#8214;x<sub>i+1</sub> &minus; x<sub>i</sub>&#8214;, where
&#8214;&Delta;x&#8214; is the root of the summed squared differences of all pixels in [0, 1];
<b>pixel speed</b> is one step of that sum. With <b>constant speed</b> the frames stand equally far
apart in pixels.</p>
<p><b>Do geodesics avoid gaps?</b> By themselves they do not: a path of least change may well lead
through pictures that are no digits. Measured on a 16-D autoencoder, the share of frames that lie
off what the model can do rose from 0.19 on straight paths to 0.28 on geodesics; between 24 random
pairs of test images on ae-mnist-16d it rose from 0.14 to 0.39. <b>Keep near the encodings</b> adds
the mean of &minus;log p(z) along the path, p a kernel density of the encodings, weighed in energies
of the straight path for one nat. With a weight of 10 the same pairs came back to a share of 0.13,
no more than on straight paths, at 2.6 times the geodesics' energy.</p>
<p><b>Gap distance</b>: how far a frame is, in the features of a frozen classifier, from
the nearest of the model's own reconstructions of 4,000 training images, divided by the distance
that 95&nbsp;% of its held-out reconstructions keep. Above 1 a frame is off support. The triangle
marks the worst place of a path: its farthest frame if that is off support, else its largest step;
a click goes there.</p>
<p><b>The map</b> is a plane through the latent space with decoded images on it. In more than two
dimensions it goes through A, B and the mean code (or C, or along the principal components); what
lies beside it is <i>projected</i>, and a hollow pin says so.</p>
<p><b>Square</b>: bilinear mixtures of A, B, C and D. <b>Arithmetic</b>: a &minus; b + c, and steps
along the difference of two class means. <b>Truncation</b>: mean + &psi; (z &minus; mean).
<b>Dimension by dimension</b>: one coordinate moves by &plusmn;3 standard deviations, the one with
the largest KL from the prior first.</p>
<p>Sources: White 2016, Sampling Generative Networks (slerp); Shao, Kumar &amp; Fletcher 2018, The
Riemannian Geometry of Deep Generative Models; Arvanitidis, Hansen &amp; Hauberg 2018, Latent Space
Oddity; Larsen et al. 2016 (arithmetic); Karras et al. 2019 (truncation).</p>
"""
