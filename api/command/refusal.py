"""What a command says when it will not go on."""


class Refusal(Exception):
    """A command cannot do what was asked; the message tells the person at the terminal why, and what to do."""
