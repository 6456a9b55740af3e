"""Very many images, drawn and gone through by Apache Beam: see docs/bulk.md."""
