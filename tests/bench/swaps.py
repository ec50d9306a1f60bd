"""Other names in the same sentences: a stance toward an instrument must not hang on who is named."""

import random
import re

COUNTRIES = {
    "Ukraine": "Ukrainian", "Russia": "Russian", "Sudan": "Sudanese", "Mali": "Malian", "Lebanon": "Lebanese",
    "Syria": "Syrian", "Somalia": "Somali", "Ethiopia": "Ethiopian", "Kenya": "Kenyan", "Rwanda": "Rwandan",
    "Colombia": "Colombian", "Georgia": "Georgian", "Moldova": "Moldovan", "Serbia": "Serbian", "Kosovo": "Kosovar",
    "India": "Indian", "Cambodia": "Cambodian", "Poland": "Polish", "Estonia": "Estonian", "Finland": "Finnish",
    "Sweden": "Swedish", "France": "French", "Germany": "German", "Turkey": "Turkish", "Egypt": "Egyptian",
    "Qatar": "Qatari", "Norway": "Norwegian", "Libya": "Libyan", "Haiti": "Haitian", "Armenia": "Armenian",
    "Azerbaijan": "Azerbaijani", "Uganda": "Ugandan", "Nigeria": "Nigerian", "Japan": "Japanese", "Taiwan": "Taiwanese",
}  # fmt: skip
MISSIONS = "UNIFIL MONUSCO UNMISS MINUSMA MINUSCA UNDOF UNFICYP MINURSO UNISFA UNAMID MINUSTAH KFOR EUFOR".split()
TITLES = r"(?:President|(?:Prime |Foreign |Defence )?Minister|General|Colonel|Ambassador|Senator|Mr|Mrs|Ms|Dr)\.?"
SURNAMES = "Arlund Benedek Castellane Dovrin Estrany Falkowa Grenmar Halloun Ilvane Jorvik Kestrel Lindqual".split()
PERSON = re.compile(rf"\b({TITLES}) ((?:[A-Z][\w'-]+ )?)([A-Z][\w'-]{{2,}})\b")


def swap(text: str, seed: int = 0) -> str:
    """The text with every listed country (and its adjective), mission and titled person under another name."""
    draw = random.Random(f"{seed} {text}")
    names = dict(zip(COUNTRIES, rotated(list(COUNTRIES), draw), strict=True))
    table = {**names, **{COUNTRIES[a]: COUNTRIES[b] for a, b in names.items()}}
    table |= dict(zip(MISSIONS, rotated(MISSIONS, draw), strict=True))
    known = re.compile(r"\b(" + "|".join(sorted(map(re.escape, table), key=len, reverse=True)) + r")\b")
    people: dict[str, str] = {}
    free = draw.sample(SURNAMES, len(SURNAMES))
    for _, _, surname in PERSON.findall(text):
        if surname not in table and surname not in people and free:
            people[surname] = free.pop()
    swapped = known.sub(lambda match: table[match[0]], text)
    for old, new in people.items():
        swapped = re.sub(rf"\b{re.escape(old)}\b", new, swapped)
    return swapped


def rotated(names: list[str], draw: random.Random) -> list[str]:
    """The names, each in another's place."""
    shift = draw.randrange(1, len(names))
    return names[shift:] + names[:shift]
