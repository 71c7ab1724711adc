"""Papers as sources of samples: what they show, taken out of LaTeX and PDF."""
