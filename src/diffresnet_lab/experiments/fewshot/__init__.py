"""Few-shot experiments' common ground: feature sets, cached runs, result tables, and sweeps.

Table II and Table III are lists of `MethodResult`; Fig. 7, 8 and 9 are one study, `sweep`, of one
setting of Diff-ResNet each. Templates here are included by, or are the layout of, their pages.
"""
