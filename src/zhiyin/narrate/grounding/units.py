"""Units, and what an attribute's name says about its unit."""

from __future__ import annotations

import re

Unit = tuple[str, float]
"""What is measured, and how many base units one is."""

_TABLE: dict[str, dict[float, str]] = {
    "mass": {
        0.001: "mg 毫克", 1: "g gram grams 克", 1000: "kg kilo kilos kilogram kilograms 公斤 千克",
        500: "斤", 28.349523125: "oz ounce ounces", 1_000_000: "吨",
        453.59237: "lb lbs 磅 pound pounds",
    },
    "volume": {
        0.001: "μl µl ul microlitre microlitres microliter microliters 微升",
        1: "ml millilitre millilitres milliliter milliliters 毫升", 10: "cl",
        1000: "l litre litres liter liters 升",
    },
    "length": {
        1: "mm millimetre millimetres millimeter millimeters 毫米",
        10: "cm centimetre centimetres centimeter centimeters 厘米 公分",
        1000: "m metre metres meter meters 米", 1_000_000: "km kilometre kilometres 公里 千米",
        25.4: "inch inches 英寸 吋 寸 ″", 304.8: "ft feet foot \u2032",
    },
    "time": {
        1: "s second seconds 秒 秒钟", 60: "min mins minute minutes 分钟",
        3600: "h hr hrs hour hours 小时 个小时 钟头 个钟头", 86400: "day days 天",
        604800: "week weeks 周 个星期",
    },
    "months": {1: "month months 个月", 12: "year years 年 岁"},
    "power": {1: "w watt watts 瓦", 1000: "kw 千瓦"},
    "frequency": {1: "hz 赫兹"},
    "noise": {1: "db 分贝"},
    "kelvin": {1: "k"},
    "celsius": {1: "°c ℃ 摄氏度 度 degrees celsius"},
    "energy": {1: "kcal 千卡 大卡 calories", 0.239: "kj 千焦"},
    "turns": {1: "rpm 转"},
    "pixels": {1: "像素 pixels", 1_000_000: "mp megapixel megapixels"},
    "voltage": {1: "v volt volts 伏"},
    "frames": {1: "fps frames 帧"},
    "areal": {1: "gsm"},
    "light": {1: "lm lumen lumens 流明"},
    "storage": {1: "gb", 1024: "tb"},
    "charge": {1: "mah 毫安时"},
    "percent": {1: "% percent"},
    "rating": {1: "star stars 星"},
    "money": {
        1: "元 块 块钱 yuan rmb cny usd eur gbp dollar dollars euro euros 美元 欧元 英镑 人民币"
        " $ € £ ¥ 日元 jpy 港币 港元 hkd 韩元 krw",
        0.01: "cent cents pence", 0.1: "角",
    },
}  # fmt: skip
UNITS: dict[str, Unit] = {
    name: (dimension, factor)
    for dimension, units in _TABLE.items()
    for factor, names in units.items()
    for name in names.split()
}
"""By the unit as it is written, in small letters."""
CURRENCY = {
    "$": ("USD", "CAD", "AUD"), "dollar": ("USD",), "dollars": ("USD",), "usd": ("USD",),
    "美元": ("USD",), "€": ("EUR",), "euro": ("EUR",), "euros": ("EUR",), "eur": ("EUR",),
    "欧元": ("EUR",), "£": ("GBP",), "英镑": ("GBP",), "gbp": ("GBP",), "¥": ("CNY", "JPY"),
    "港币": ("HKD",), "港元": ("HKD",), "hkd": ("HKD",), "韩元": ("KRW",), "krw": ("KRW",),
    "cent": ("USD", "EUR", "CAD", "AUD"), "cents": ("USD", "EUR", "CAD", "AUD"),
    "pence": ("GBP",), "pound": ("GBP",), "pounds": ("GBP",), "角": ("CNY",), "元": ("CNY",),
    "块": ("CNY",), "块钱": ("CNY",), "yuan": ("CNY",), "rmb": ("CNY",),
    "cny": ("CNY",), "人民币": ("CNY",), "日元": ("JPY",), "jpy": ("JPY",),
}  # fmt: skip
"""Which currencies a sign can mean."""
_ENGLISH = "|".join(sorted((u for u in UNITS if u.isascii() and u.isalpha()), key=len)[::-1])
_CHINESE = "|".join(
    "块(?![\u3400-\u9fff])|块(?=[一二三四五六七八九](?![\u3400-\u9fff])|"
    "有找|带走|到手|拿下|就|起|左右|以内|出头|不到)"
    if u == "块"
    else u
    for u in sorted((u for u in UNITS if not u.isascii()), key=len)[::-1]
)
UNIT_AFTER = re.compile(
    rf"[\s-]*(?:(%|\$|€|£|″|\u2032|°c(?![a-z])|(?:{_ENGLISH})(?![a-z])|{_CHINESE}))"
)
"""A unit behind a number."""

_MONEY = {"price", "cost", "fee", "msrp"}
_YEARS = {"year", "published", "released", "updated", "founded", "vintage"}
_MINUTES = {"runtime", "duration"}
_NO_UNIT = {"v", "s", "k", "day", "second", "in"}
_LAST = {
    "in": UNITS["inch"], "k": UNITS["k"], "s": UNITS["s"], "c": UNITS["°c"],
}  # fmt: skip


def unit_of_field(name: str) -> Unit:
    """What the values of an attribute measure; "count" where its name does not say."""
    parts = name.lower().split("_")
    if _MONEY & set(parts) and parts[-1] in ("cents", "pence", "fen"):
        return "money", 0.01
    if _MONEY & set(parts):
        return "money", 1.0
    if parts[0] in _YEARS and len(parts) == 1:
        return "year", 1.0
    if parts[0] == "age" and parts[-1] not in UNITS:
        return "months", 12.0
    if parts[-1] in _MINUTES:
        return "time", 60.0
    if parts[-1] in ("percent", "percentage", "pct"):
        return "percent", 1.0
    if parts[-1] in _LAST and len(parts) > 1:
        return _LAST[parts[-1]]
    if parts[-1] in ("rating", "stars"):
        return "rating", 1.0
    if parts[-1] in UNITS and parts[-1] not in _NO_UNIT:
        return UNITS[parts[-1]]
    return "count", 1.0


def name_words(name: str) -> list[str]:
    """The words of an attribute's name, without its unit."""
    parts = name.lower().split("_")
    measured = len(parts) > 1 and (parts[-1] in UNITS or parts[-1] in _LAST)
    return parts[:-1] if measured else parts
