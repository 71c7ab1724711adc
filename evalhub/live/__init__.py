"""Live samples: releases that come month by month, and what they ask of the models."""
