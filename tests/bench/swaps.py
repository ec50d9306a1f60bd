"""Other names in the same sentences: a stance toward an instrument must not hang on who is named."""

import random
import re
from collections.abc import Collection, Iterable

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
FIRST = "Aldo Brenna Corin Delfa Emrik Fiora Garel Hesta Ivor Jalma Kerit Lovisa".split()
SURNAMES = "Arlund Benedek Castellane Dovrin Estrany Falkowa Grenmar Halloun Ilvane Jorvik Kestrel Lindqual".split()
RANKS = set(
    "President Minister Prime Foreign Defence Defense General Major Colonel Brigadier Lieutenant Captain "
    "Sergeant Admiral Rear Gen Col Lt Maj Sgt Adm Ambassador Senator Deputy Councillor Inspector Professor "
    "Bishop Father Pastor Dame Mama Hajj Rep MP Opposition Chief Staff Of Mr Mrs Ms Dr".split()
)  # fmt: skip
BODIES = set(
    "The A An Our My His Her Its This Two States United Nations Council Parliament Ministry Ministers "
    "Government Republic Kingdom Union Forces Conference Affairs Office Front Community Arab Arabia New "
    "Zealand Guinea Moresby Port Member Unity Security National Energy People Movement Party Army Command "
    "Mission Group Court House Cabinet South North West East Gulf Hill Street Sea River City Province Region "
    "Day Act Agreement Accord Treaty Assembly".split()
)  # fmt: skip
WORD = r"[^\W\d_a-z][\w'’-]+"
NAME = re.compile(rf"{WORD}\.?(?: (?:bin |bint |al-|Al-|Le |de |van )?{WORD}\.?)+")
TITLED = re.compile(rf"\b(?:{'|'.join(sorted(RANKS - {'Of', 'Opposition', 'Staff', 'Foreign'}))})\.? {NAME.pattern}")
SURNAMED = re.compile(
    rf"\b(?:Mr|Mrs|Ms|Dr|President|General|Colonel|Senator|Minister|Ambassador)\.? ({WORD})\b(?! {WORD})"
)
SPEAKING = re.compile(rf"\b({WORD} {WORD})(?= (?:said|says|told|wrote|argued|warned|added|insisted|replied)\b)")
KINDS = ("persons", "countries", "missions")


def swap(text: str, seed: int = 0, holders: Iterable[str] = (), kinds: Collection[str] = KINDS) -> str:
    """The text with its persons, every listed country (and its adjective) and mission under another name.

    Persons are found by a title before them, a verb of speech behind them, or in `holders`, the labelled ones.
    """
    draw = random.Random(f"{seed} {text}")
    table: dict[str, str] = {}
    if "countries" in kinds:
        names = dict(zip(COUNTRIES, rotated(list(COUNTRIES), draw), strict=True))
        table |= {**names, **{COUNTRIES[a]: COUNTRIES[b] for a, b in names.items()}}
    if "missions" in kinds:
        table |= dict(zip(MISSIONS, rotated(MISSIONS, draw), strict=True))
    if "persons" in kinds:
        table |= people(text, holders, draw)
    if not table:
        return text
    known = re.compile(r"(?<!\w)(" + "|".join(sorted(map(re.escape, table), key=len, reverse=True)) + r")(?!\w)")
    return known.sub(lambda match: table[match[0]], text)


def people(text: str, holders: Iterable[str], draw: random.Random) -> dict[str, str]:
    """The persons of a text: whole names, first names and surnames with what they become."""
    found = [match for pattern in (TITLED, SPEAKING) for match in pattern.findall(text)]
    found += [match for holder in holders for match in NAME.findall(holder)]
    persons = [words for words in map(person, found) if words]
    persons += [[surname] for surname in SURNAMED.findall(text) if person(f"Mr {surname} {surname}")]
    first, last = draw.sample(FIRST, len(FIRST)), draw.sample(SURNAMES, len(SURNAMES))
    table: dict[str, str] = {}
    for words in sorted(persons, key=len, reverse=True):
        if words[-1] in table or not first:
            continue
        given, surname = first.pop(), last.pop()
        table[words[-1]] = surname
        if len(words) > 1:
            table |= {" ".join(words): f"{given} {surname}", words[0]: given}
    return {old: new for old, new in table.items() if old in text}


def person(name: str) -> list[str]:
    """The words of a person's name without ranks before it; none for a country, a body, or one word alone."""
    words = [word.rstrip(".,") for word in name.split()]
    while words and words[0] in RANKS:
        words = words[1:]
    places = {*COUNTRIES, *COUNTRIES.values(), *MISSIONS}
    bare = {re.sub(r"['’]s?$", "", word) for word in words}
    return [] if len(words) < 2 or bare & (BODIES | RANKS | places) else words


def rotated(names: list[str], draw: random.Random) -> list[str]:
    """The names, each in another's place."""
    shift = draw.randrange(1, len(names))
    return names[shift:] + names[:shift]
