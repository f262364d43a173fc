"""``python -m complaintflow`` is the command line."""

from complaintflow.cli import main

if __name__ == "__main__":
    main()
