"""The one base of every error that is a user's to mend."""


class AtelierError(ValueError):
    """A sentence for the user: what came, what was expected, what to do.

    The command line prints it and exits with 2; the pages show it. Anything else that is raised
    is a fault of the program.
    """
