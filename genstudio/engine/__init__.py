"""The engine: lanes, jobs, training, checkpoints, devices, the library of models."""
