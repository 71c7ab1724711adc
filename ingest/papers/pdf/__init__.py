"""Figures and tables out of the pages of a PDF."""
