"""The release gate: scores against thresholds, blessings, the folder that is served."""
