"""Results of others: logs found, read side by side, and kept in the hub."""
