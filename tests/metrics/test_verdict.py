"""Sentences name the winner that the figures name, and nobody where intervals touch."""

from __future__ import annotations

from typing import Any

from genstudio.metrics.verdict import verdict

FIGURES = ("hole_share", "precision", "recall", "density", "coverage", "frechet")


def row(sampler: str, width: float = 0.01, **figures: float | None) -> dict[str, Any]:
    values = {**dict.fromkeys(FIGURES, 0.5), **figures}
    spread = {k: None if v is None else [v - width, v + width] for k, v in values.items()}
    return {"sampler": sampler, **values, "intervals": spread}


def report(own: str, *rows: dict[str, Any]) -> dict[str, Any]:
    samplers = {r["sampler"]: r for r in rows}
    return {**samplers[own], "samplers": samplers}


AE = report("gaussian", row("prior", hole_share=0.9), row("gaussian", hole_share=0.2, frechet=0.1))
VAE = report("prior", row("prior", hole_share=0.3), row("gaussian", hole_share=0.3))


def test_each_sampler_has_its_winner() -> None:
    said = verdict({"ae": AE, "vae": VAE})
    assert said[0].startswith("With z drawn from N(0, I), vae wins in hole share (0.3 against 0.9")
    assert "cannot be told apart" in said[0]
    assert said[1].startswith("With z drawn from a fitted Gaussian, ae wins in hole share (0.2")
    assert "Frechet distance (0.1 against 0.5 of vae)" in said[1]


def test_an_autoencoder_with_a_fitted_gaussian_may_be_the_better_one() -> None:
    said = verdict({"vae": VAE, "ae": AE})
    assert (
        "ae with a fitted Gaussian is the better one: it beats vae from N(0, I) in hole share and "
        "Frechet distance."
    ) in said
    worse = report("gaussian", row("prior"), row("gaussian", hole_share=0.4))
    assert (
        "ae with a fitted Gaussian is not the better one: vae from N(0, I) beats it in hole share."
    ) in verdict({"vae": VAE, "ae": worse})
    mixed = report("gaussian", row("prior"), row("gaussian", hole_share=0.4, precision=0.9))
    assert (
        "ae with a fitted Gaussian is the better one in precision; vae from N(0, I) is in hole "
        "share."
    ) in verdict({"vae": VAE, "ae": mixed})


def test_touching_intervals_are_no_win() -> None:
    a = report("prior", row("prior", 0.2, hole_share=0.3))
    b = report("prior", row("prior", 0.2, hole_share=0.5))
    assert verdict({"a": a, "b": b}) == [
        (
            "With z drawn from N(0, I), in hole share, precision, recall, density, coverage and "
            "Frechet distance the first two cannot be told apart."
        )
    ]


def test_one_model_says_which_sampler_closes_its_gap() -> None:
    assert verdict({"ae": AE}) == [
        (
            "ae has the smallest hole share drawn from a fitted Gaussian, 0.20, and the largest "
            "drawn from N(0, I), 0.90."
        )
    ]
    assert verdict({"vae": VAE}) == ["vae has the same hole share for every sampler, 0.30."]
    near = report("prior", row("prior", 0.1, hole_share=0.3), row("kde", 0.1, hole_share=0.4))
    assert verdict({"vae": near}) == [
        "vae has hole shares of 0.30 to 0.40, which cannot be told apart."
    ]
    assert verdict({"one": report("prior", row("prior"))}) == []
