"""Random combinations of what real files have: right labels, one clear line, or a note."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from diffresnet import label_file
from diffresnet.tables import format_of
from real_file_cases import KNOWN, NAMES, ROWS, TRUTH, X, clean, named

LAYOUTS = {
    "block": lambda: clean(),
    "words": lambda: named(),
    "vectors": lambda: pd.DataFrame({"emb": X.tolist(), "label": clean()["label"]}),
    "text": lambda: pd.DataFrame(
        {"emb": [json.dumps(row) for row in X.tolist()], "label": clean()["label"]}
    ),
}
SUFFIXES = [".csv", ".csv.gz", ".tsv", ".parquet", ".feather", ".jsonl", ".jsonl.zst"]
# Columns that say nothing of the digit, however they are read.
BESIDE = {
    "id": lambda rng: rng.permutation(ROWS) + 1000,
    "gaps": lambda rng: rng.choice(10**6, ROWS, replace=False),
    "hash": lambda rng: rng.integers(2**60, 2**62, ROWS),
    "user": lambda rng: rng.choice(rng.integers(10**6, 10**8, 50), ROWS),
    "row": lambda rng: np.arange(ROWS),
    "created": lambda rng: 1_700_000_000 + np.sort(rng.integers(0, 10**7, ROWS)),
    "copy": lambda rng: np.where(KNOWN, TRUTH, -1),
    "constant": lambda rng: np.full(ROWS, 7.5),
    "blank": lambda rng: np.full(ROWS, None),
    "note": lambda rng: rng.choice(["good", "bad", "1"], ROWS),
    "views": lambda rng: [f"{v:,}" for v in rng.integers(1000, 10**6, ROWS)],
    "when": lambda rng: [f"2024-05-{day:02}" for day in rng.integers(1, 29, ROWS)],
}
# Columns that are features where no embedding stands beside them.
NEEDS_EMBEDDING = {
    "lead_time": lambda rng: rng.exponential(30, ROWS),
    "n_tokens": lambda rng: rng.integers(5, 400, ROWS),
    "fold": lambda rng: rng.integers(0, 5, ROWS),
    "is_new": lambda rng: rng.random(ROWS) < 0.5,
}
LABELS = {
    "names": lambda rng: NAMES[TRUTH],
    "numbers": lambda rng: TRUTH.astype(str),
    "decimals": lambda rng: np.char.add(
        TRUTH.astype(str), np.where(rng.random(ROWS) < 0.5, ".0", "")
    ),
}
MARKS = {"blank": None, "NA": "NA", "unknown": "unknown", "-1": "-1"}


@pytest.fixture(scope="module")
def clean_accuracy(tmp_path_factory):
    path = tmp_path_factory.mktemp("clean") / "a.csv"
    clean().to_csv(path, index=False)
    return right(label_file(path).labels)


def right(labels, order=slice(None), truth=NAMES[TRUTH]):
    given = KNOWN[order]
    return (labels[~given].astype(str) == truth[order][~given]).mean()


@given(
    layout=st.sampled_from(list(LAYOUTS)),
    suffix=st.sampled_from(SUFFIXES),
    beside=st.sets(st.sampled_from(list(BESIDE) + list(NEEDS_EMBEDDING)), max_size=5),
    kind=st.sampled_from(list(LABELS)),
    mark=st.sampled_from(list(MARKS)),
    large=st.booleans(),
    index=st.booleans(),
    again=st.booleans(),
    seed=st.integers(0, 2**16),
)
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # to shrink a failure would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_combination_is_silently_worse(
    tmp_path_factory, clean_accuracy, layout, suffix, beside, kind, mark, large, index, again, seed
):
    rng = np.random.default_rng(seed)
    frame = LAYOUTS[layout]()
    vectors = layout in ("vectors", "text")
    if large and not vectors:  # one feature in another unit
        frame.isetitem(3, frame.iloc[:, 3] * 10_000)
    for name in sorted(beside):
        if name in BESIDE or layout != "words":
            column = (BESIDE | NEEDS_EMBEDDING)[name](rng)
            frame.insert(int(rng.integers(0, frame.shape[1] + 1)), name, column)
    frame["label"] = pd.Series(LABELS[kind](rng), dtype=object).where(KNOWN)
    truth = NAMES[TRUTH] if kind == "names" else TRUTH.astype(str)
    options = {}
    if MARKS[mark] is not None:
        frame["label"] = frame["label"].fillna(MARKS[mark])
        options["unlabelled"] = MARKS[mark]
    order = rng.permutation(ROWS)
    frame = frame.iloc[order].reset_index(drop=True)
    path = tmp_path_factory.mktemp("any") / f"a{suffix}"
    table = pa.Table.from_pandas(frame.reset_index() if index else frame, preserve_index=False)
    if index:
        table = table.rename_columns(["Unnamed: 0", *table.column_names[1:]])
    format_of(path).write_table(path, table)
    result = label_file(path, path if again else None, **options)
    found = right(result.labels, order, truth)
    assert found > clean_accuracy - 0.01, f"{found:.3f}, {clean_accuracy:.3f}"
    expected = 1 if vectors else 32
    assert len({name.partition("[")[0] for name in result.feature_names}) == expected
    if again:
        assert right(label_file(path, **options).labels, order, truth) == found
