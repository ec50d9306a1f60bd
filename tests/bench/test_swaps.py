import re

from swaps import COUNTRIES, MISSIONS, swap

TEXT = "Kenyan troops of MONUSCO left Mali after President Ana Okello and Mr Duval met. Okello blamed Kenya."


def test_every_known_name_is_another_one() -> None:
    swapped = swap(TEXT)
    names = re.findall(r"\w+", swapped)
    assert not {"Kenyan", "MONUSCO", "Mali", "Okello", "Duval", "Kenya"} & set(names)
    assert len({*MISSIONS} & set(names)) == 1
    assert len(names) == len(re.findall(r"\w+", TEXT))


def test_a_country_and_its_people_move_together() -> None:
    swapped = swap(TEXT)
    adjective, country = swapped.split()[0], swapped.split("blamed ")[1].rstrip(".")
    assert COUNTRIES[country] == adjective


def test_swaps_are_the_same_every_time_and_differ_by_seed() -> None:
    assert swap(TEXT) == swap(TEXT)
    assert len({swap(TEXT, seed) for seed in range(5)}) > 1


def test_persons_are_found_by_title_speech_and_label() -> None:
    text = "Halyna Prystupa said no. Senator Loïc Kermadec agreed; Oded Shamir did not. Prystupa left the Council."
    swapped = swap(text, holders=["Oded Shamir", "the Council"], kinds=["persons"])
    assert not {"Halyna", "Prystupa", "Loïc", "Kermadec", "Oded", "Shamir"} & set(re.findall(r"\w+", swapped))
    assert "Senator" in swapped
    assert swapped.endswith("left the Council.")
    assert swapped.split()[1] == swapped.split(". ")[2].split()[0]


def test_text_without_known_names_stays() -> None:
    assert swap("The envoy spoke of a pause.") == "The envoy spoke of a pause."
