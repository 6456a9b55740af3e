"""What a pipeline is made of: components, their contracts, artifacts, fingerprints. Knows nothing of dogs."""
