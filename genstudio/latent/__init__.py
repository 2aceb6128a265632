"""Geometry of latent spaces: planes, scales, ellipses, and the queries that decode and encode."""
