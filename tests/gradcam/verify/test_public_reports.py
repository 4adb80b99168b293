"""A few of the public reports; all of them: python -m tests.gradcam.verify.public_reports"""

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from tests.gradcam.verify.public_reports import REPORTS, as_markdown, rows

COSTLY = ("integrated_gradients", "score_cam")


def test_every_report_has_its_thread_and_its_answer():
    assert len(REPORTS) >= 30 and len({r.where for r in REPORTS}) == len(REPORTS)
    for report in REPORTS:
        assert report.url.startswith("https://github.com/") and report.url.rsplit("/", 1)[1].isdigit()
        assert report.says and report.about


@pytest.mark.parametrize("report", [r for r in REPORTS if r.method not in COSTLY][::4], ids=lambda r: r.where)
def test_the_answer_is_right(report):
    (row,) = rows([report])
    assert row["right"], row
    assert report.where in as_markdown([row], {})
