"""What differs between a document and its reissue: figures, values and words by name."""

from __future__ import annotations

from collections import Counter

from ecoledger.reports.models import IssuedDocument


def between(before: IssuedDocument, after: IssuedDocument) -> list[dict[str, str]]:
    """Every name whose value is not the same in both, in the order of the newer one."""
    old, new = _named(before), _named(after)
    return [
        {"name": name, "before": old.get(name, ""), "after": new.get(name, "")}
        for name in dict.fromkeys((*new, *old))
        if old.get(name, "") != new.get(name, "")
    ]


def _named(document: IssuedDocument) -> dict[str, str]:
    """Name to what is printed; figures of one label are told apart by their order."""
    named: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for figure in document.figures:
        label = figure["label"]
        seen[label] += 1
        named[label if seen[label] == 1 else f"{label}（{seen[label]}）"] = figure["display"]
    if document.matter_id:
        named |= {name: str(value) for name, value in document.content.items()}
    return named | {name: str(value) for name, value in document.words.items()}
