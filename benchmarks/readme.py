"""Put the tables of results/ into the README, between their marks.

python benchmarks/readme.py
"""

from __future__ import annotations

import json
import re

from common import RESULTS, markdown


def main() -> None:
    path = RESULTS.parent.parent / "README.md"
    text = path.read_text()
    for file in sorted(RESULTS.glob("*.json")):
        table = markdown(json.loads(file.read_text())["rows"])
        marks = re.compile(rf"(<!-- {file.stem} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = marks.sub(lambda m, table=table: f"{m[1]}\n{table}\n\n{m[2]}", text)
    path.write_text(text)


if __name__ == "__main__":
    main()
