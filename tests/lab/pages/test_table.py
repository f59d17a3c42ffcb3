import pytest

from diffresnet_lab.pages.table import Cell, Column, pivot, table

ROWS = [
    {"method": "a", "shots": 1, "accuracy": 65.04, "ci95": 0.4, "runs": 1000},
    {"method": "a", "shots": 5, "accuracy": 80.0, "ci95": float("nan"), "runs": 1000},
    {"method": "b", "shots": 1, "accuracy": 65.02, "ci95": 0.5, "runs": 500},
    {"method": "c", "shots": 1, "accuracy": None, "ci95": None, "runs": 0},
]


def test_columns_read_keys_and_functions():
    shown = table(
        ROWS[:1],
        [
            Column("", "method"),
            Column("accuracy", "accuracy", ".1f", error="ci95"),
            Column("double", lambda row: 2 * row["runs"], detail=lambda row: "runs"),
            Column("missing", "nothing"),
        ],
        caption="c",
        note="n",
    )
    assert shown.header == ("", "accuracy", "double", "missing")
    assert shown.rows == ((Cell("a"), Cell("65.0", "± 0.4"), Cell("2,000", "runs"), Cell("–")),)
    assert (shown.caption, shown.note) == ("c", "n")


@pytest.mark.parametrize(
    ("best", "marked"), [("largest", [True, True, False]), ("smallest", [True, True, False])]
)
def test_the_best_is_all_that_prints_alike(best, marked):
    rows = [row for row in ROWS if row["shots"] == 1]
    shown = table(rows, [Column("", "method"), Column("", "accuracy", ".1f", best=best)])
    assert [line[1].best for line in shown.rows] == marked


def test_a_pivot_puts_columns_side_by_side():
    accuracy = Column("", "accuracy", ".2f", error="ci95", best="largest")
    columns = [Column("", "method"), *accuracy.across({1: "1 shot", 5: "5 shots"})]
    columns.append(Column("runs", "runs"))
    shown = table(pivot(ROWS, "method", "shots"), columns)
    assert shown.header == ("", "1 shot", "5 shots", "runs")
    assert [[cell.text for cell in line] for line in shown.rows] == [
        ["a", "65.04", "80.00", "1,000"],
        ["b", "65.02", "–", "500"],
        ["c", "–", "–", "0"],
    ]
    assert [[cell.best for cell in line] for line in shown.rows] == [
        [False, True, True, False],
        [False, False, False, False],
        [False, False, False, False],
    ]


def test_the_best_of_a_row_leaves_out_its_name_and_text():
    columns = [Column("", "n"), Column("x", "x"), Column("y", "y"), Column("z", "z")]
    shown = table([{"n": 9, "x": 3, "y": "none", "z": 2}], columns, best_in_row="smallest")
    assert [cell.best for cell in shown.rows[0]] == [False, False, False, True]


@pytest.mark.parametrize(
    ("difference", "error", "detail", "marked"),
    [
        (1.0, 0.5, "± 0.5 ahead", False),
        (-1.0, 0.5, "± 0.5 behind", True),
        (-0.2, 0.5, "± 0.5 level", False),
        (-3.0, None, "level", False),
    ],
)
def test_a_difference_has_its_verdict(difference, error, detail, marked):
    column = Column("", "d", "+.1f", error="e", verdict=True)
    cell = column.cell({"d": difference, "e": error})
    assert (cell.detail, cell.unfavourable, cell.best) == (detail, marked, False)
    own = Column("", "d", "+.1f", verdict=lambda row: "behind").cell({"d": difference})
    assert own.unfavourable


def test_a_number_may_speak_against_the_page():
    column = Column("", "x", ".1f", unfavourable=lambda row: row["x"] < 0)
    assert [column.cell({"x": x}).unfavourable for x in (1.0, -1.0)] == [False, True]
