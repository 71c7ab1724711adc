"""Questions on figures and tables of papers that no model writes: stored programs are executed for the answer."""
