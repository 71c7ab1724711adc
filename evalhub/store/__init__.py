"""The store: one DuckDB file for the nouns, one SQLite file for texts and images, one folder of snapshots.

All SQL of the hub is in this package.
"""
