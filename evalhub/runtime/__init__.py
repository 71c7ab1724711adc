"""Idealized runtimes and costs: what a model would take on a given accelerator, alone and undisturbed."""
