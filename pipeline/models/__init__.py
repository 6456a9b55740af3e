"""Trained runs and SavedModels as artifacts."""
