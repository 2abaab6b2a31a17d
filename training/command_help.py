"""What `--help` says of the training commands."""

from inspect import cleandoc

DATA_HELP = "FER2013: the folder of its .npz files, Kaggle's CSV or Kaggle's folders"


def help_of(docstring: str | None) -> str:
    """A module's docstring for click, which would join the lines of its examples: a paragraph that is indented keeps
    them (click's mark for that is a backspace on a line of its own).
    """
    paragraphs = cleandoc(docstring or "").split("\n\n")
    return "\n\n".join(f"\b\n{text}" if text.startswith("    ") else text for text in paragraphs)
