from pathlib import Path

import pytest
from report import METRICS, compact_table, quality_table, replace_section


def test_a_section_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("above\n<!-- a: begin -->\nold\n<!-- a: end -->\nbelow\n", encoding="utf-8")
    replace_section(page, "a", "new\n")
    assert page.read_text("utf-8") == "above\n<!-- a: begin -->\nnew\n<!-- a: end -->\nbelow\n"
    with pytest.raises(SystemExit, match="no section"):
        replace_section(page, "b", "new\n")


def test_models_are_ordered_by_joint_f1() -> None:
    def row(name: str, joint: float, difference: float, seeds: list[float]) -> dict:
        gain = {"difference": difference, "interval": [0.0, 0.4]}
        metrics = dict.fromkeys(
            ["topic_macro_f1", "stance_macro_f1", "stance_favg", "exact_match", "ece_topic", "ece_stance"], 0.5
        )
        report = {"joint_macro_f1": joint, "intervals": {key: [0.1, 0.9] for key in METRICS}, **metrics}
        return {
            "name": name,
            "report": report,
            "seeds": seeds,
            "ours_minus": gain,
            "same_minus": gain if difference else None,
            "seconds": 12.3,
            "speed": 4567.8,
            "size": 9e6,
        }

    rows = [row("rival", 0.4, 0.2, [0.3, 0.5]), row("ours", 0.6, 0.0, [])]
    lines = quality_table(rows).splitlines()
    assert lines[2].startswith("| ours | 0.600 [0.100, 0.900]")
    assert lines[2].endswith("| – | – | – |")
    assert lines[3].endswith("| 0.400 (0.300–0.500) | +0.200 [+0.000, +0.400] | +0.200 [+0.000, +0.400] |")
    compact = compact_table(rows).splitlines()
    assert compact[2].startswith("| ours | 0.60 [0.10, 0.90]")
    assert compact[3].endswith("| 12 | 4568 | 9 | +0.20 [+0.00, +0.40] |")
