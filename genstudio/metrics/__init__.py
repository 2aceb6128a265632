"""Likelihoods, active units, previews, the judge."""
