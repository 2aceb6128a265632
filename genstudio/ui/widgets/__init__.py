"""Widgets that know nothing of models."""
