"""One explanation: what is asked and given, one forward and one backward pass, what is answered and kept."""

from gradcam.explanation.explanation import PANEL, Explanation, NoMapError, explain

__all__ = ["PANEL", "Explanation", "NoMapError", "explain"]
