"""python -m genstudio: the same as the command `genstudio`."""

from genstudio.cli import main

if __name__ == "__main__":
    main()
