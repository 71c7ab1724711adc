"""Laws of pass rates over a family of models of several sizes: what the next size will score, and how surely."""
