"""Numbers and units as siunitx prints them."""

import re

_PREFIXES = {
    "yocto": "y", "zepto": "z", "atto": "a", "femto": "f", "pico": "p", "nano": "n", "micro": "µ", "milli": "m",
    "centi": "c", "deci": "d", "deca": "da", "hecto": "h", "kilo": "k", "mega": "M", "giga": "G", "tera": "T",
    "peta": "P",
}  # fmt: skip
_UNITS = {
    "metre": "m", "meter": "m", "gram": "g", "second": "s", "ampere": "A", "kelvin": "K", "mole": "mol",
    "candela": "cd",
    "hertz": "Hz", "newton": "N", "pascal": "Pa", "joule": "J", "watt": "W", "coulomb": "C", "volt": "V", "farad":
    "F",
    "ohm": "Ω", "siemens": "S", "weber": "Wb", "tesla": "T", "henry": "H", "lumen": "lm", "lux": "lx",
    "becquerel": "Bq",
    "gray": "Gy", "sievert": "Sv", "minute": "min", "hour": "h", "day": "d", "degree": "°", "arcminute": "′",
    "arcsecond": "″", "litre": "l", "liter": "L", "tonne": "t", "hectare": "ha", "bar": "bar", "electronvolt": "eV",
    "dalton": "Da", "astronomicalunit": "au", "bel": "B", "decibel": "dB", "neper": "Np", "percent": "%",
    "radian": "rad",
    "steradian": "sr", "celsius": "°C", "degreeCelsius": "°C", "kilogram": "kg", "bit": "bit", "byte": "B",
    "katal": "kat",
    "angstrom": "Å", "knot": "kn", "mmHg": "mmHg",
    "km": "km", "cm": "cm", "mm": "mm", "um": "µm", "nm": "nm", "kg": "kg", "mg": "mg", "ug": "µg", "ms": "ms",
    "us": "µs",
    "ns": "ns", "kHz": "kHz", "MHz": "MHz", "GHz": "GHz", "kW": "kW", "MW": "MW", "kWh": "kWh", "kPa": "kPa",
    "MPa": "MPa",
    "mV": "mV", "kV": "kV", "mA": "mA", "eV": "eV", "keV": "keV", "MeV": "MeV", "GeV": "GeV", "ml": "ml", "mL": "mL",
    "dB": "dB", "m": "m", "s": "s", "g": "g", "K": "K", "l": "l", "L": "L", "V": "V", "A": "A", "W": "W", "J":
    "J", "N": "N",
    "Hz": "Hz", "Pa": "Pa", "mol": "mol", "h": "h", "min": "min",
}  # fmt: skip
_POWERS = {"squared": "²", "cubed": "³"}
ARGUMENTS = {  # macro of siunitx -> how many it takes
    "SI": 2, "qty": 2, "si": 1, "unit": 1, "num": 1, "ang": 1, "SIrange": 3, "qtyrange": 3, "numrange": 2, "SIlist": 2,
    "qtylist": 2, "numlist": 1,
}  # fmt: skip


def quantity(name: str, given: list[str]) -> str:
    """Return what a macro of siunitx prints for its arguments."""
    if name in ("si", "unit"):
        return _unit(given[0])
    if name == "ang":
        parts = zip(given[0].split(";"), "°′″", strict=False)
        return "".join(f"{part.strip()}{sign}" for part, sign in parts if part.strip())
    has_unit = ARGUMENTS[name] - (2 if name.endswith("range") else 1)
    *numbers, unit = [*given[:-1], _unit(given[-1])] if has_unit else [*given, ""]
    shown = [_number(part) for each in numbers for part in (each.split(";") if name.endswith("list") else [each])]
    joined = (" to " if name.endswith("range") else ", ").join(shown)
    return f"{joined} {unit}".strip() if unit not in ("°", "′", "″") else joined + unit


def _number(source: str) -> str:
    r"""Return a number as printed: 1e6 is 10^6, 1.5e-3 is 1.5 × 10^-3."""
    text = "".join(source.split()).replace("+-", " ± ").replace("\\pm", " ± ")
    found = re.fullmatch(r"([+-]?[\d.,]*)[eE]([+-]?\d+)", text)
    if found is None:
        return text
    power = f"$10^{{{found[2].lstrip('+')}}}$"
    return power if found[1] in ("", "1") else f"{found[1]} × {power}"


def _unit(source: str) -> str:
    r"""Return a unit as printed: \kilo\metre\per\second is km/s."""
    shown, is_per, power = "", False, ""
    for macro, other in re.findall(r"\\([a-zA-Z]+)|([^\\\s{}]+)", source):
        if other:
            text = other.replace("~", " ").replace(".", " ")
        elif macro in _PREFIXES:
            joint = "/" if is_per else " " if shown and not _is_prefixed(shown) else ""
            is_per, shown = False, f"{shown}{joint}{_PREFIXES[macro]}\0"
            continue
        elif macro in _POWERS or macro == "tothe":
            shown += _POWERS.get(macro, "^")
            continue
        elif macro in ("square", "cubic"):
            power = "²" if macro == "square" else "³"
            continue
        elif macro == "per":
            is_per = True
            continue
        else:
            text = _UNITS.get(macro, macro)
        joint = "/" if is_per else " " if shown and not _is_prefixed(shown) and not other else ""
        shown, is_per, power = f"{shown}{joint}{text}{power}", False, ""
    return shown.replace("\0", "").replace("%", "\\%")


def _is_prefixed(shown: str) -> bool:
    return shown.endswith("\0")
