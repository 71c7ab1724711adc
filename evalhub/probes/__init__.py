"""Capability probes: which samples of the pool a sentence means, and how sure that is."""
