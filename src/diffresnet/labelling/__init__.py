"""The main job: a table with labels for some rows in, the same with a label for every row out."""

from .audit import AuditResult, audit_file
from .file import label_file, plan_file
from .frame import label_frame
from .plan import LabelPlan
from .result import LabelResult

__all__ = [
    "AuditResult",
    "LabelPlan",
    "LabelResult",
    "audit_file",
    "label_file",
    "label_frame",
    "plan_file",
]
