"""How far explanations can be trusted, in words."""

import numpy as np

from cnnstudio.explaining.sanity import SanityCheck
from cnnstudio.gui.pages.inside.trust_panel import verdicts_of


def test_rank_correlations_have_two_decimals_and_a_real_minus_sign() -> None:
    curves = {
        "grad-cam": np.array([1.0, 0.6]),
        "occlusion": np.array([1.0, -0.03]),
        "saliency": np.array([1.0, -0.001]),
    }
    _, *verdicts = verdicts_of(SanityCheck(("dense",), curves, curves, 16), curves)
    ends = ["reasons off it (ρ 0.60).", "as it should (ρ −0.03).", "as it should (ρ 0.00)."]
    assert all(verdict.endswith(end) for verdict, end in zip(verdicts, ends, strict=True))
