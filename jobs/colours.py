"""One colour a label, in their order: Okabe and Ito's, which the colour-blind can tell apart."""

from typing import Final

COLOURS: Final = ("#d55e00", "#009e73", "#cc79a7", "#e69f00", "#0072b2", "#56b4e9", "#7f7f7f")
