"""The training run: configuration, loop, checkpoints, callbacks."""
