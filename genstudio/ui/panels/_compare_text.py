"""The words of the Compare panel that explain: help with formulas and sources. No Qt."""

from __future__ import annotations

HELP = """
<p><b>One cursor in several models.</b> Every map is the latent space of one model. Maps are linked
by the <b>same z</b>, by <b>quantile</b> (the cursor has the same share of encoded images to its
left and below it in each map) or by the <b>same image</b> (its code in each model, the mean of
q(z | x)). All pictures of a frame answer one move of the hand.</p>
<p><b>Layers.</b> <i>Gap</i>: distance of dec(z), in the features of a frozen judge, to the nearest
of the model's own reconstructions dec(z'), z' ~ q(z' | x), of 4,000 training images, in units of
the threshold that holds 95&nbsp;% of its held-out reconstructions; above 1 is off support.
<i>Density</i> of the encodings: k / (M V<sub>D</sub> r<sup>D</sup>), r the distance to the k-th
nearest. <i>Volume</i>: &radic;det J<sup>T</sup>J of the decoder's Jacobian J = &part;dec/&part;z.
<i>Cycle</i>: |enc(dec z) &minus; z|, which says nothing of PCA, flows and a model trained by the
KL alone. <i>Judge</i>: what a classifier of digits sees, and how sure it is; it is often sure of
garbage, so it never stands without the gap.</p>
<p><b>Gap report.</b> With s the share of samples beyond the threshold, the hole share is
max(0, (s &minus; 0.05) / 0.95). Precision, recall, density, coverage (k = 5) and the Fr&eacute;chet
distance compare the same number of samples with test images in judge features; the floor is
what held-back real images reach. The path gap is the share of frames of straight paths between
200 test pairs beyond the threshold.</p>
<p><b>What closes the gap?</b> The same decoder, with z from N(0, I), from one Gaussian, a mixture
or kernels fitted to draws of q(z | x), or from the encodings of held-out images.</p>
<p><b>Both terms.</b> A VAE minimises &minus;E log p(x | z) + &beta; KL(q(z | x) || N(0, I)).
Without the KL the codes lie anywhere; without the reconstruction they say nothing of x.</p>
<p><b>The moon.</b> Each frame of a straight path from half to full moon is measured by its distance
to the nearest true moon (over phase, side, shift and radius) and by its share of half-grey disc
pixels, beside the plain cross-fade of the pixels. Never by lit area: a cross-fade meets it
exactly.</p>
<p>Sources: Kingma &amp; Welling 2014, Auto-Encoding Variational Bayes; Higgins et al. 2017,
beta-VAE; Ghosh et al. 2020, From Variational to Deterministic Autoencoders; Arvanitidis et al.
2018, Latent Space Oddity; Kynk&auml;&auml;nniemi et al. 2019, Improved Precision and Recall; Naeem
et al. 2020, Reliable Fidelity and Diversity; Heusel et al. 2017 (Fr&eacute;chet distance).</p>
"""

VIEWS = ("maps", "rows", "report", "terms", "moon")
