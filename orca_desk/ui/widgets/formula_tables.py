"""What the library of formulas leaves out: rules of tables, and which bar of nested fractions is longest."""

from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element

from ziamath.drawable import HLine, VLine
from ziamath.nodes.mtable import Mtable

from orca_desk.ui.widgets.formula_latex import COLUMN_RULE, PRIVATE, ROW_RULE

ROWS, COLUMNS = "rules-of-rows", "rules-of-columns"  # attributes: in front of which ones
ROOM = 0.35  # em between rows, and of a rule from what is beside it
THICKNESS = 0.05  # em
LONGER = "0.15em"  # by which the bar of a fraction of fractions is longer than theirs, on each side


def take_marks(mathml: Element) -> None:
    """Take the marks of rules out of all tables, and note the rules. Raises ValueError for one elsewhere."""
    for table in (one for one in mathml.iter() if _name(one) == "mtable"):
        _take_marks(table)
    if any(PRIVATE.search(text) for text in mathml.itertext()):
        raise ValueError("a rule outside of a table")


def lengthen_bars(mathml: Element) -> None:
    """Give fractions in fractions room beside them, so that their bars are the shorter ones."""
    for fraction in [one for one in mathml.iter() if _name(one) == "mfrac"]:
        for place, part in enumerate(list(fraction)):
            row, inner = None, part
            while _name(inner) in ("mrow", "mstyle") and len(inner) == 1:
                row, inner = inner if _name(inner) == "mrow" else row, inner[0]
            if _name(inner) == "mfrac":
                if row is None:  # the library reads each row twice, so a new one costs
                    row = fraction[place] = Element(part.tag.replace(_name(part), "mrow"))
                    row.append(part)
                row.insert(0, Element("mspace", width=LONGER))
                row.append(Element("mspace", width=LONGER))


def _take_marks(table: Element) -> None:
    above, before = set[int](), set[int]()
    rows = list(table)
    for number, row in enumerate(rows):
        for cell in list(row)[:1]:
            for mark in _leading_marks(cell):
                above |= {number} if ROW_RULE in (mark.text or "") else set()
                before |= {ord(one) - COLUMN_RULE for one in mark.text or "" if one != ROW_RULE}
                cell.remove(mark)
            if number and number == len(rows) - 1 and not len(cell) and not cell.text and len(row) == 1:
                table.remove(row)  # it was there for the rule below the last one
    if above:
        table.set(ROWS, " ".join(map(str, sorted(above))))
    if before:
        table.set(COLUMNS, " ".join(map(str, sorted(before))))


def _leading_marks(cell: Element) -> Sequence[Element]:
    found = []
    for one in cell:
        if _name(one) != "mtext" or not one.text or PRIVATE.sub("", one.text):
            break
        found.append(one)
    return found


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


class RuledTable(Mtable, tag="mtable"):  # type: ignore[misc, call-arg]  # the tag puts it in Mtable's place
    """A table with its rules, and with some room between rows."""

    nodes: list[Any]
    nodexy: list[tuple[float, float]]
    bbox: Any

    def _setup(self, **kwargs: Any) -> None:
        if self.element.get("rowspacing") is None:
            self.element.set("rowspacing", f"{ROOM}em")
        if self.element.get(COLUMNS) is not None:
            self.element.set("columnspacing", f"{2 * ROOM}em")
        super()._setup(**kwargs)
        rows, start = list[list[Any]](), 0
        for row in self.element:
            end = start + len(row)
            rows.append(list(zip(self.nodes[start:end], self.nodexy[start:end], strict=True)))
            start = end
        columns = [int(one) for one in self.element.get(COLUMNS, "").split()]
        across = [int(one) for one in self.element.get(ROWS, "").split()]
        thick, box = self.size_px(f"{THICKNESS}em"), self.bbox
        room = self.size_px(f"{ROOM / 2}em") + thick
        places, left, right = self._column_rules(rows, columns)
        top = box.ymax + (room if 0 in across else 0)
        bottom = box.ymin - (room if across and max(across) >= len(rows) else 0)
        self.nodexy = [(x + left, y) for x, y in self.nodexy]
        self.bbox = type(box)(box.xmin, box.xmax + left + right, bottom, top)
        for x in places:
            self.nodes.append(VLine(top - bottom, thick, style=self.style, **kwargs))
            self.nodexy.append((x + left, -top))
        for y in _row_rules(rows, across, room - thick):
            self.nodes.append(HLine(self.bbox.xmax, thick, style=self.style, **kwargs))
            self.nodexy.append((0, y - thick / 2))

    def _column_rules(self, rows: list[list[Any]], numbers: list[int]) -> tuple[list[float], float, float]:
        """Return where vertical rules are, and the room for those at the left and at the right."""
        if not numbers:
            return [], 0.0, 0.0
        count, room = max(map(len, rows)), self.size_px(f"{ROOM}em")
        starts = [min(_sides(row[one])[0] for row in rows if one < len(row)) for one in range(count)]
        ends = [max(_sides(row[one])[1] for row in rows if one < len(row)) for one in range(count)]
        first, last = 0 in numbers, max(numbers) >= count
        inner = [(ends[one - 1] + starts[one]) / 2 for one in numbers if 0 < one < count]
        outer = [starts[0] - room] * first + [ends[-1] + room] * last
        return inner + outer, first * room, last * room


def _row_rules(rows: list[list[Any]], numbers: list[int], room: float) -> list[float]:
    """Return where horizontal rules are."""
    tops = [min(y - node.bbox.ymax for node, (_, y) in row) for row in rows]
    ends = [max(y - node.bbox.ymin for node, (_, y) in row) for row in rows]
    between = [(end + top) / 2 for end, top in zip(ends, tops[1:], strict=False)]
    places = [tops[0] - room, *between, ends[-1] + room]
    return [places[min(number, len(rows))] for number in numbers]


def _sides(cell: tuple[Any, tuple[float, float]]) -> tuple[float, float]:
    """Return where a cell starts and ends."""
    node, (x, _) = cell
    return x + node.bbox.xmin, x + node.bbox.xmax
