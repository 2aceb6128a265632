"""What `genstudio bench` measures, one file each with `measure(minutes) -> dict of figures`."""
