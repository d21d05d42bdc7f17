"""Self-contained HTML pages of a result and of a batch."""

from __future__ import annotations

from pygenn_lite.reports.batch_page import batch_page, write_batch_report
from pygenn_lite.reports.result_page import ReportOptions, result_page, write_result_report

__all__ = [
    "ReportOptions",
    "batch_page",
    "result_page",
    "write_batch_report",
    "write_result_report",
]
