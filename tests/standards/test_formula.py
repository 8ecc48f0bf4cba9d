from fractions import Fraction

import pytest

from ecoledger.standards import formula


def test_a_sewage_plant_s_reduction_by_hand():
    # 3,650 thousand t a year from 250 to 30 mg/L: 365 × 220 / 100 = 803 t of COD
    text = "max(0, flow * (cod_in - cod_out) / 100)"
    assert formula.names(text) == ("flow", "cod_in", "cod_out")
    assert formula.value(text, {"flow": 365, "cod_in": 250, "cod_out": 30}) == 803
    assert formula.value(text, {"flow": 365, "cod_in": 30, "cod_out": 250}) == 0


def test_it_is_exact_and_knows_signs():
    assert formula.value("0.1 + 0.2", {}) == Fraction(3, 10)
    assert formula.value("-(a - 1) * +2", {"a": "0.5"}) == 1
    assert formula.value("min(a, 3, 2.5)", {"a": 4}) == Fraction(5, 2)


@pytest.mark.parametrize(
    "text",
    [
        "", "1 +", "a = 1", "a ** 9", "a // 2", "open('x')", "a.b", "[1, 2]", "'a' * 9", "lambda: 1", "True",
        "max()", "max(a, key=b)", "__import__('os')", "(" * 600, "1 if a else 2", "a < b", "max", "max + 1",
    ],
)  # fmt: skip
def test_what_is_no_arithmetic_is_refused(text):
    with pytest.raises(formula.FormulaError):
        formula.value(text, {"a": 1, "b": 1})


def test_what_is_missing_or_divided_by_nought_is_said():
    with pytest.raises(formula.FormulaError, match="b is not given"):
        formula.value("a / b", {"a": 1})
    with pytest.raises(formula.FormulaError, match="nought"):
        formula.value("a / b", {"a": 1, "b": 0})
