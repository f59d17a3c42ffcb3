"""Put the tables of results/ into the README and the pages of docs/, between their marks.

python benchmarks/readme.py
"""

from __future__ import annotations

import json
import re

from common import RESULTS, markdown


def main() -> None:
    root = RESULTS.parent.parent
    tables = {
        file.stem: markdown(json.loads(file.read_text())["rows"])
        for file in sorted(RESULTS.glob("*.json"))
    }
    for path in (root / "README.md", *sorted((root / "docs").glob("*.md"))):
        text = path.read_text()
        for name, table in tables.items():
            marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
            text = marks.sub(lambda m, table=table: f"{m[1]}\n{table}\n\n{m[2]}", text)
        path.write_text(text)


if __name__ == "__main__":
    main()
