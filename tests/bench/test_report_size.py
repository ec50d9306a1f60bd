from report_size import Made, Opened, rows


def test_rows_say_the_median_and_the_range() -> None:
    said = {"articles": 5000, "paragraphs": 37000, "paragraphs_left_out": 0, "bytes": 6_600_000}
    made = [Made(said, seconds, 3.0, 260.0) for seconds in (4.0, 8.0, 5.0)]
    opened = [Opened(paint, 1500.0, [200.0, 300.0], 100.0) for paint in (200.0, 500.0, 260.0)]
    found = {row[0]: row[1:] for row in rows(made, opened)}
    assert found["`communique report`"] == ["5.0 s", "4.0 to 8.0", ""]
    assert found["first paint in headless Chromium"] == ["0.26 s", "0.20 to 0.50", "under 2 s"]
    assert found["slowest of 4 searches of all text"][0] == "0.30 s"
    assert found["size"] == ["6.6 MB", "", "under 30 MB"]
