"""The components, one a file: a contract and an executor."""
