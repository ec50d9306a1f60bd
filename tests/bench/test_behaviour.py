from behaviour import share


def test_a_share_has_an_interval_over_articles() -> None:
    assert share([]) == "–"
    assert share([("a", True), ("b", True)]) == "100.0 % [100.0, 100.0]"
    spread_out = share([(str(n), n % 2 == 0) for n in range(40)])
    in_two_articles = share([(str(n % 2), n % 2 == 0) for n in range(40)])
    assert spread_out.startswith("50.0 % [3")
    assert in_two_articles == "50.0 % [0.0, 100.0]"
