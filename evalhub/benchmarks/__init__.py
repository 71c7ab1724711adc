"""Benchmarks of one's own: what a probe found, frozen under a hash, with a card that says what it is worth."""
