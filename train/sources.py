"""Where the data come from and under which licence: for the model card."""

from __future__ import annotations

from types import MappingProxyType

SOURCES = MappingProxyType(
    {
        "mnist": "MNIST database of handwritten digits, Y. LeCun, C. Cortes and C. J. C. Burges, "
        "from NIST's Special Databases 1 and 3; CC BY-SA 3.0",
        "pendigits_strokes": "Pen-Based Recognition of Handwritten Digits, E. Alpaydin and "
        "F. Alimoglu (1998), UCI Machine Learning Repository, original strokes; CC BY 4.0",
        "unipen_strokes": "UNIPEN train_r01_v07, isolated digits, International Unipen "
        "Foundation; CC BY 4.0",
    }
)
"""By the name of the data set, which for strokes is that of their file."""
