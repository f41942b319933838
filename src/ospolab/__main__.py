"""`python -m ospolab` is the command `ospolab`."""

from ospolab.cli import main

main()
