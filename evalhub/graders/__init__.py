"""Graders: an output of a model and a sample's reference in, a verdict out."""
