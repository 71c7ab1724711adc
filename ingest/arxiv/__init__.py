"""arXiv as a source of papers: what is new in some categories, under which licence, and its files."""
