"""A new release of samples: which models to run on it, what the others would score, whether it is harder."""
