"""Work that is done on a Ray cluster."""
