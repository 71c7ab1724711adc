"""Importers of results, one file for each tool."""
