"""What the kernels for GPUs reach on the card that is there: `python -m benchmarks.gpu`."""
