"""Backups: a hub as of one moment, as a folder or one file, with the hash of everything in it."""
