"""The board as plain files, for any host that serves files: no server, no program of others, no network."""
