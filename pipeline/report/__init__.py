"""What a person reads: the page of a run, and lineage."""
