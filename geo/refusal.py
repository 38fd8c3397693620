"""A value that a rule of the domain refuses."""


class Refusal(Exception):
    """`what` is wrong with the field `where`, in words, without the value itself."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{where}: {what}")
        self.what = what
        self.where = where
