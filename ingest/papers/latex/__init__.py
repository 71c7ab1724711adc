"""Figures and tables out of LaTeX sources."""
