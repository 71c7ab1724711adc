"""Conditions that a user types, checked and made anew: nothing of the text itself reaches the database."""

from evalhub.filters.filter import Filter, FilterError, model_filter, sample_filter

__all__ = ["Filter", "FilterError", "model_filter", "sample_filter"]
