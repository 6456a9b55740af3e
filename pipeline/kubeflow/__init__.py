"""The same pipeline on Kubeflow: compiled to its YAML, a step a node."""
