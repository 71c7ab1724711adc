"""Coverage-guided fuzzing of whatever reads bytes from outside: see `__main__`."""
