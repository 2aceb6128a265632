"""What the Denoise panel says of itself."""

from __future__ import annotations

FIRST_MODEL = "ddpm-mnist"  # offered where there is nothing to denoise
POINTS_MODEL = "ddpm-toy2d"  # the same for points, in the tour

HELP = """
<p>A diffusion model makes an image out of noise, in steps. Training took images and added noise to
them in T small steps until nothing was left; the model learned to see, in what is noisy, the image
and the noise.</p>
<p><b>Forward.</b> At time t an image x<sub>0</sub> has become
x<sub>t</sub> = √ᾱ<sub>t</sub> x<sub>0</sub> + √(1 − ᾱ<sub>t</sub>) ε with ε drawn from N(0, I).
ᾱ<sub>t</sub> falls from 1 at t = 0 to almost 0 at t = T; the signal-to-noise ratio is
ᾱ<sub>t</sub> / (1 − ᾱ<sub>t</sub>), in decibels ten times its logarithm. t is the paper's: T is
noise, 0 the image.</p>
<p><b>Back.</b> At each step the model is asked about x<sub>t</sub> and answers with a <i>clean
guess</i> x̂<sub>0</sub> and the <i>noise</i> ε̂ that belongs to it: x<sub>t</sub> =
√ᾱ<sub>t</sub> x̂<sub>0</sub> + √(1 − ᾱ<sub>t</sub>) ε̂ holds at every step. The sampler says how far
to go with that guess. <b>ddpm</b> draws from p(x<sub>s</sub> | x<sub>t</sub>), with noise of its
own at each step. <b>ddim</b> puts the same noise under the guess again, x<sub>s</sub> =
√ᾱ<sub>s</sub> x̂<sub>0</sub> + √(1 − ᾱ<sub>s</sub> − σ²) ε̂ + σ z; η = 0 adds none, η = 1 as much as
ddpm. <b>dpmpp</b> takes the guess of the step before into account and needs few steps.</p>
<p><b>Guidance.</b> With a class c and guidance g the answer is
ε̂ = ε̂(none) + g (ε̂(c) − ε̂(none)): 1 is the model as it was trained, more draws the class more
plainly, and less variously.</p>
<p><b>Runs.</b> Every step of a run is kept, and the line below scrubs through it. A run can be
forked at any step: with other noise from there on, another sampler, guidance or class, or with a
picture that you changed by hand. A fork with nothing changed is the same run, bit by bit, since the
noise of a step depends on the seed, its t and the number of images alone.</p>
<p><b>Points in the plane.</b> Where the data are points, each particle is an x<sub>t</sub>, and all
walk from N(0, I) to the data. The colour below them is the density of the noised data at this t, by
formula: the shapes of toy2d are mixtures of Gaussians of variance s², and at t still are, their
centres shrunk by √ᾱ<sub>t</sub> and their variance ᾱ<sub>t</sub> s² + (1 − ᾱ<sub>t</sub>) 4 in data
units, of which two make one unit of the noise. Of other points each one is such a centre, with
s = 0. The arrows are the <i>score</i> that the model learned, the gradient of the log
density, −ε̂ / √(1 − ᾱ<sub>t</sub>); right ones point to where points are denser. Drag a particle, or
put a start of your own, and its path is walked anew from there.</p>
<p>Sources: Ho, Jain &amp; Abbeel 2020, Denoising Diffusion Probabilistic Models; Song, Meng &amp;
Ermon 2021, Denoising Diffusion Implicit Models; Nichol &amp; Dhariwal 2021, Improved DDPM (the
cosine schedule); Lu et al. 2022, DPM-Solver++; Ho &amp; Salimans 2022, Classifier-Free Diffusion
Guidance.</p>
"""
