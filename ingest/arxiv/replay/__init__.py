"""A server that answers as arXiv does, from a folder of papers: for rehearsing, and for tests, with faults."""
