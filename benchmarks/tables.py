"""Put the tables of results/ into the README and the pages of docs/, between their marks.

    python benchmarks/tables.py

A mark is `<!-- novelty -->`, or `<!-- novelty: data, prototype -->` for some columns; the table
ends at `<!-- end -->`.
"""

from __future__ import annotations

import json
import re

from common import RESULTS, markdown

MARKS = re.compile(r"(<!-- ([\w-]+)(?:: ([^>]*))? -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(marks: re.Match[str]) -> str:
    """Return the marks with the table of their result between them."""
    start, name, columns, end = marks.groups()
    file = RESULTS / f"{name}.json"
    if not file.exists():
        return marks[0]
    rows = json.loads(file.read_text())["rows"]
    if columns is not None:
        kept = [column.strip() for column in columns.split(",")]
        rows = [{column: row.get(column, "") for column in kept} for row in rows]
    return f"{start}\n{markdown(rows)}\n\n{end}"


def main() -> None:
    """Fill every page."""
    root = RESULTS.parent.parent
    for path in (root / "README.md", *sorted((root / "docs").glob("*.md"))):
        path.write_text(MARKS.sub(filled, path.read_text()))


if __name__ == "__main__":
    main()
