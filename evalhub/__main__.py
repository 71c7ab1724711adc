"""`python -m evalhub`."""

from evalhub.cli import main

main()
