"""The words of units: what people write for pint's units and for money, and what names no unit."""

# pint's name: what people write for it, besides a plural in -s.
NAMES = {
    "meter": "meter metre mètre metro", "gram": "gram gramme gramm gramo", "liter": "liter litre litro",
    "second": "second sec seconde sekunde segundo sekunden", "watt": "watt", "volt": "volt",
    "ampere": "ampere amp", "joule": "joule", "newton": "newton", "pascal": "pascal", "hertz": "hertz",
    "byte": "byte", "bit": "bit", "calorie": "calorie", "electron_volt": "electronvolt", "mole": "mole",
    "ohm": "ohm",
}  # fmt: skip
LONG_PREFIXES = ["nano", "micro", "milli", "centi", "deci", "hecto", "kilo", "mega", "giga", "tera"]
UNPREFIXED = {
    "inch": "in inch inches",
    "foot": "ft foot feet",
    "yard": "yd yds yard yards",
    "mile": "mi mile miles meile meilen",
    "nautical_mile": "nmi",
    "minute": "min mins minute minutes minuten minuto minutos minuti",
    "hour": "h hr hrs hour hours stunde stunden std heure heures hora horas ora ore uur",
    "day": "day days d tag tage tagen jour jours día días giorno giorni",
    "week": "week weeks wk wks woche wochen semaine semaines semana semanas",
    "month": "month months monat monate monaten mes meses",
    "year": "year years yr yrs jahr jahre jahren año años anni",
    "(10*year)": "decade decades",  # pint's decade is a ratio
    "century": "century centuries", "metric_ton": "tonne tonnes t", "pound": "lb lbs",
    "ounce": "oz ounce ounces", "stone": "stone", "acre": "acre acres", "hectare": "ha hectare hectares",
    "pint": "pint pints pt", "quart": "quart quarts qt", "gallon": "gallon gallons gal", "cup": "cup cups",
    "teaspoon": "teaspoon teaspoons tsp", "tablespoon": "tablespoon tablespoons tbsp",
    "fluid_ounce": "floz", "mile/hour": "mph", "kilometer/hour": "kph kmh kmph", "revolution/minute": "rpm",
    "knot": "knot knots", "atmosphere": "atm atmosphere atmospheres", "bar": "bar bars",
    "pound_force_per_square_inch": "psi", "watt_hour": "Wh", "kilowatt_hour": "kWh kwh",
    "megawatt_hour": "MWh", "degree_Celsius": "°C ℃ celsius centigrade",
    "degree_Fahrenheit": "°F ℉ fahrenheit", "kelvin": "K kelvin kelvins",
    "degree": "° degree degrees deg grad grados", "radian": "radian radians rad",
    "horsepower": "hp horsepower", "kilobyte": "kB KB", "megabyte": "MB", "gigabyte": "GB",
    "microgram": "ug mcg", "newton*meter": "Nm", "mile/gallon": "mpg",
    "terabyte": "TB", "byte": "B", "kibibyte": "KiB", "mebibyte": "MiB", "gibibyte": "GiB",
}  # fmt: skip
SYMBOLS = {
    "meter": ("m", "n µ m c d k"),
    "gram": ("g", "n µ m c d k"),
    "liter": ("l", "µ m c d h"),
    "second": ("s", "n µ m"),
    "watt": ("W", "m k M G T"),
    "volt": ("V", "µ m k M"),
    "ampere": ("A", "µ m k M"),
    "joule": ("J", "m k M G"),
    "newton": ("N", "m k M"),
    "pascal": ("Pa", "h k M G"),
    "hertz": ("Hz", "k M G"),
    "electron_volt": ("eV", "k M G"),
    "calorie": ("cal", "k"),
    "mole": ("mol", "m k"),
    "ohm": ("Ω", "k M"),
}
PREFIXES = {
    "n": "nano", "µ": "micro", "m": "milli", "c": "centi", "d": "deci",
    "h": "hecto", "k": "kilo", "M": "mega", "G": "giga", "T": "tera",
}  # fmt: skip
CJK = {
    "hour": "小时 小時 時間 시간", "minute": "分钟 分鐘 分間 分", "second": "秒", "day": "天 日間",
    "year": "年",
    "meter": "米 メートル 미터", "kilometer": "公里 千米 キロメートル キロ",
    "centimeter": "厘米 センチメートル センチ",
    "kilogram": "公斤 千克 キログラム", "gram": "克 グラム", "degree": "度", "CNY": "元 块 塊 人民币",
    "JPY": "円 日元",
    "KRW": "원", "USD": "美元 ドル 달러", "EUR": "欧元 ユーロ",
}  # fmt: skip
# Each currency measures only itself: rates change. Words that name several currencies have several readings.
_DOLLARS = ("USD", "AUD", "CAD", "NZD", "SGD", "HKD")
MONEY: dict[str, tuple[str, ...]] = {
    "$": _DOLLARS, "dollar": _DOLLARS, "buck": _DOLLARS,
    "us$": ("USD",), "usd": ("USD",), "a$": ("AUD",), "aud": ("AUD",), "c$": ("CAD",),
    "ca$": ("CAD",),
    "cad": ("CAD",),    "nz$": ("NZD",), "hk$": ("HKD",),
    "s$": ("SGD",), "nzd": ("NZD",), "sgd": ("SGD",), "hkd": ("HKD",),
    "¢": tuple(f"{name}/100" for name in _DOLLARS),
    "cent": (*(f"{name}/100" for name in _DOLLARS), "EUR/100"),
    "€": ("EUR",), "eur": ("EUR",), "euro": ("EUR",),
    "£": ("GBP",), "gbp": ("GBP",), "quid": ("GBP",), "pence": ("GBP/100",), "penny": ("GBP/100", "USD/100"),
    "pennies": ("GBP/100", "USD/100"), "p": ("GBP/100",), "pound": ("pound", "GBP"), "sterling": ("GBP",),
    "¥": ("JPY", "CNY"), "jpy": ("JPY",), "yen": ("JPY",), "cny": ("CNY",), "rmb": ("CNY",), "yuan": ("CNY",),
    "₹": ("INR",), "inr": ("INR",), "rs": ("INR", "PKR", "LKR", "NPR"), "rupee": ("INR", "PKR", "LKR", "NPR"),
    "paise": ("INR/100",), "₩": ("KRW",), "krw": ("KRW",), "₽": ("RUB",), "rub": ("RUB",),
    "ruble": ("RUB",), "rouble": ("RUB",), "chf": ("CHF",), "franc": ("CHF",), "kr": ("SEK", "NOK", "DKK"),
    "zł": ("PLN",), "pln": ("PLN",), "r$": ("BRL",), "brl": ("BRL",), "reais": ("BRL",),
    "₺": ("TRY",), "lira": ("TRY",), "₫": ("VND",), "vnd": ("VND",), "đồng": ("VND",),
    "₱": ("PHP",), "peso": ("MXN", "PHP", "ARS"), "฿": ("THB",), "baht": ("THB",),
    "₪": ("ILS",), "shekel": ("ILS",),
}  # fmt: skip
CURRENCY_SIGNS = (
    r"(?:US|USD|CA|C|AU|A|NZ|HK|S|R)?\$|[€£¥₹₩₽₺₫₱฿₪]|(?:Rs\.?|USD|EUR|GBP|INR|CHF|JPY|CNY|AUD|CAD)(?=\s?\d)"
)
# Readings that count only where the other side names a unit that fits: "5m" may be 5 minutes.
ALSO = {
    "m": ("minute",),
    "M": ("meter", "minute"),
    **dict.fromkeys(("°", "degrees", "degree"), ("degree_Celsius", "degree_Fahrenheit")),
    "C": ("degree_Celsius",),
    "F": ("degree_Fahrenheit",),
}
# Words that follow a number without naming what it counts.
_NO_UNIT = """
    a about above after again ago all almost already also although altogether am among an and any apart
    approximately are around as at away be because been before being below between both but by can
    correct could did divided do does down during each equal equals even every exactly fewer finally
    first for from had has have he hence her here him his however i if in instead into is it its just
    later least left less may me might minus more most must my nearly nor not now of off on one ones
    only onto or our out over overall per plus remain remained remaining remains respectively right
    roughly shall she should since so some still than that the their them then there therefore these
    they this those though through thus till times to today too total totals under until up us versus vs
    was we were what when where which while who whom whose will with within without would wrong x yet
    you your
"""
NO_UNIT = frozenset(_NO_UNIT.split())
