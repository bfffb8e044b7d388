"""Units that are converted when both the answer and the reference name one."""

from fractions import Fraction
from typing import NamedTuple


class Unit(NamedTuple):
    """What is measured, and how many of its base unit one of this unit is."""

    dimension: str
    factor: Fraction


_TABLE: dict[str, list[tuple[str, str]]] = {
    "length": [
        ("mm millimeter millimeters millimetre millimetres", "1/1000"),
        ("cm centimeter centimeters centimetre centimetres", "1/100"),
        ("m meter meters metre metres", "1"),
        ("km kilometer kilometers kilometre kilometres", "1000"),
        ("inch inches", "254/10000"),
        ("ft foot feet", "3048/10000"),
        ("yd yard yards", "9144/10000"),
        ("mi mile miles", "1609344/1000"),
    ],
    "time": [
        ("ms millisecond milliseconds", "1/1000"),
        ("s sec secs second seconds", "1"),
        ("min mins minute minutes", "60"),
        ("h hr hrs hour hours", "3600"),
        ("day days", "86400"),
        ("week weeks", "604800"),
    ],
    "months": [("month months", "1"), ("year years yr yrs", "12")],
    "mass": [
        ("mg milligram milligrams", "1/1000"),
        ("g gram grams", "1"),
        ("kg kilogram kilograms kilo kilos", "1000"),
        ("tonne tonnes", "1000000"),
    ],
    "weight": [("oz ounce ounces", "1"), ("lb lbs pound pounds", "16")],
    "volume": [
        ("ml milliliter milliliters millilitre millilitres", "1"),
        ("l liter liters litre litres", "1000"),
    ],
    "dollars": [("$ usd dollar dollars buck bucks", "1"), ("¢ cent cents", "1/100")],
    "euros": [("€ eur euro euros", "1")],
    "sterling": [("£ gbp quid", "1"), ("pence", "1/100")],
    "yen": [("¥ jpy yen", "1")],
    "rupees": [("₹ inr rupee rupees", "1")],
}
UNITS: dict[str, Unit] = {
    name: Unit(dimension, Fraction(factor))
    for dimension, rows in _TABLE.items()
    for names, factor in rows
    for name in names.split()
}


def known_unit(word: str) -> Unit | None:
    """Return the unit that `word` names ("km", "Dollars", "$"), or None if it is unknown."""
    return UNITS.get(word) or UNITS.get(word.lower())
