"""Apache Beam: how it is imported, told where to run, and run."""
