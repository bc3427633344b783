"""Writes crs-grid.txt and icans-grid.txt: every combination of inputs, each of them possibly unknown ('?').

A second formulation of the two grading tables, on purpose unlike the program's: for a complete case the highest
row of the printed table whose sentence is true; for an incomplete one the set of grades over all completions.
A cell is the grade, '>n' where all completions agree on n or more, or '?' where nothing is certain.

    python3 tests/golden/grids.py
"""
from itertools import product
from pathlib import Path

HERE = Path(__file__).parent


def crs(fever, episode, masked, pressors, vasopressin, hypotension, oxygen, airway):
    if fever == "n" and not (episode == "y" and masked == "y"):
        return 0
    ventilated_for_hypoxia = oxygen == "positive_pressure" and airway != "y"
    rows = [
        (4, pressors in "23" or ventilated_for_hypoxia),
        (3, pressors == "1" or (pressors == "0" and vasopressin == "y") or oxygen == "high"),
        (2, hypotension == "y" or oxygen == "low"),
        (1, fever == "y"),
        (0, True),
    ]
    return next(grade for grade, true in rows if true)


def icans(ice, consciousness, seizure, motor, edema):
    rows = [
        (4, consciousness == "unarousable" or seizure == "prolonged" or motor == "y" or edema == "diffuse"),
        (3, ice in ("0", "1", "2") or consciousness == "tactile" or seizure == "brief" or edema == "focal"),
        (2, ice in ("3", "4", "5", "6") or consciousness == "voice"),
        (1, ice in ("7", "8", "9")),
        (0, True),
    ]
    return next(grade for grade, true in rows if true)


def cell(rule, domains, case):
    completions = product(*(domain if given == "?" else [given] for domain, given in zip(domains, case)))
    grades = {rule(*complete) for complete in completions}
    if len(grades) == 1:
        return str(grades.pop())
    return f">{min(grades)}" if min(grades) else "?"


def write(name, rule, names, domains, columns, unknown):
    """The last `columns` names vary along a line; `unknown` says which names may be unknown."""
    shown = [domain + ["?"] if may else domain for domain, may in zip(domains, unknown)]
    split = len(names) - columns
    across = list(product(*shown[split:]))
    lines = ["# " + " ".join(names[:split]) + " | " + "  ".join("/".join(cells) for cells in across)]
    for keys in product(*shown[:split]):
        cells = [cell(rule, domains, keys + rest) for rest in across]
        lines.append(" ".join(keys) + " | " + " ".join(cells))
    (HERE / name).write_text("\n".join(lines) + "\n")


YN = ["n", "y"]
# Unstated, airway_only is not claimed: 'n' stands for both, so '?' is not among its values.
write(
    "crs-grid.txt", crs,
    ["fever", "episode", "masked", "vasopressors", "vasopressin", "hypotension", "oxygen", "airway_only"],
    [YN, YN, YN, ["0", "1", "2", "3"], YN, YN, ["none", "low", "high", "positive_pressure"], YN],
    2, [True] * 7 + [False],
)
write(
    "icans-grid.txt", icans,
    ["ice", "consciousness", "seizure", "motor", "edema"],
    [[str(n) for n in range(11)], ["spontaneous", "voice", "tactile", "unarousable"],
     ["none", "brief", "prolonged"], YN, ["none", "focal", "diffuse"]],
    2, [True] * 5,
)
