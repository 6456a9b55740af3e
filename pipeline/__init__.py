"""The TFX-like pipeline: the library calls of `tfdogs` as components with lineage."""
