"""Whether what a hub's databases say holds together. Each module asks one kind of question and yields findings."""
