"""Building blocks of the families."""
