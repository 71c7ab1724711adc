"""What is lost when commands are killed, the disk fills or the clock goes back: see `__main__`."""
