"""What the Train panel shows, with formulas and sources (rich text)."""

HELP = """<p>A model is trained step by step on batches of images; each point of a curve is one
step. The solid line is the loss of each training batch, the dashed one that of test images.</p>
<p>A variational autoencoder maximises the evidence lower bound
(Kingma &amp; Welling 2014, eq. 3):<br>
<i>log p(x) &ge; E<sub>q(z|x)</sub>[log p(x|z)] &minus; KL(q(z|x) || p(z))</i>.<br>
<b>reconstruction</b> is the first term with its sign turned, <b>kl</b> the second; their sum, with
the KL weighted by beta (Higgins et al. 2017, eq. 4), is the <b>loss</b>. All are nats per image,
lower is better.</p>
<p>A latent unit is <b>active</b> when its mean moves with the image:
Var<sub>x</sub>(E[z|x]) &gt; 0.01 (Burda et al. 2016). When units fall silent and their KL goes to
zero, the posterior has collapsed to the prior.</p>
<p>A diffusion model learns to find the image in a noised one (Ho et al. 2020, eqs. 4 and 14):
<i>x<sub>t</sub> = &radic;a<sub>t</sub> x<sub>0</sub> + &radic;(1 &minus; a<sub>t</sub>) noise</i>,
and its <b>loss</b> is a mean squared error, drawn below once more for each quarter of the noise
levels t. The pictures are test images, the same noised from t = 1 at the left to T at the right,
and what one step makes of them. <b>EMA weights</b> are a moving average of those in training, and
are what is shown and kept.</p>
<p>The transport bar goes through stored steps of this run: the same test images, the same noise
for the samples, other weights.</p>"""
