#!/usr/bin/env python3
"""Score extracted plan items against gold, by the rules of annotation.md §7.

  score_plan.py GOLD.jsonl PRED.jsonl        one text
  score_plan.py --all COMMAND [ARG…]         run COMMAND ARG… FILE for every text beside this file that has a gold .jsonl, read JSON lines from stdout
Option before these: --errors  list missed, spurious and wrong-field items.
"""

import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
TYPES = ("target", "task", "fact")
FIELDS = (
    "span",
    "section",
    "indicator",
    "comparator",
    "value",
    "value_high",
    "unit",
    "quantity_of",
    "change_value",
    "change_unit",
    "change_base",
    "deadline",
    "period",
    "area",
    "owner",
    "parts",
)
UNITS = {
    "μg/m3": "微克/立方米",
    "ug/m3": "微克/立方米",
    "微克每立方米": "微克/立方米",
    "mg/l": "毫克/升",
    "毫克每升": "毫克/升",
    "mg/m3": "毫克/立方米",
    "毫克每立方米": "毫克/立方米",
    "吨/平方千米·月": "吨/平方公里·月",
    "吨/月·平方公里": "吨/平方公里·月",
    "个百分点": "百分点",
    "pct": "%",
    "pp": "百分点",
    "db": "分贝",
    "db(a)": "分贝",
    "千米": "公里",
    "km": "公里",
    "立方米/天": "立方米/日",
    "吨/天": "吨/日",
}


def norm(x):
    s = unicodedata.normalize("NFKC", str(x)).replace("µ", "μ")
    return re.sub(r"[\s“”\"'‘’《》、,,]", "", s)


def empty(x):
    return x is None or x == "" or x == [] or x == {}


def num(x):
    if isinstance(x, bool) or x is None:
        return None
    if isinstance(x, (int, float)):
        return float(x)
    try:
        return float(str(x).replace(",", "").rstrip("%"))
    except ValueError:
        return None


def same_number(a, b):
    if empty(a) and empty(b):
        return True
    if empty(a) or empty(b):
        return False
    x, y = num(a), num(b)
    if x is not None and y is not None:
        return abs(x - y) <= 1e-9 * max(1.0, abs(x))
    return norm(a).lower() == norm(b).lower()


def unit(x):
    s = norm(x).lower()
    table = {norm(k).lower(): norm(v).lower() for k, v in UNITS.items()}
    return table.get(s, s)


def month_range(p):
    """Spell a period one way: whole years, halves and quarters from month ranges."""
    p = norm(p)
    m = re.fullmatch(r"(\d{4})-(\d{2})/\1-(\d{2})", p)
    if m:
        y, a, b = m[1], int(m[2]), int(m[3])
        if (a, b) == (1, 12):
            return y
        if (a, b) in ((1, 6), (7, 12)):
            return f"{y}H{1 if a == 1 else 2}"
        if b == a + 2 and a % 3 == 1:
            return f"{y}Q{(a + 2) // 3}"
        if a == b:
            return f"{y}-{a:02d}"
    return p


def names(x):
    return {norm(v) for v in (x if isinstance(x, list) else [x])}


def right(field, g, p, gold, pred):
    """None: not considered; else whether the predicted field is right. Gold strings may hold alternatives a|b, an empty one standing for null."""
    if field == "span":
        return iou(gold, pred) >= 0.5
    gv, pv = g, p
    if field == "section":
        return norm(gv or "") == norm(pv or "") if not (empty(gv) and empty(pv)) else None
    if field == "quantity_of" and (not empty(gold.get("indicator")) or empty(gv)):
        return None
    if gv == pv and not empty(gv):
        return True
    alts = gv.split("|") if isinstance(gv, str) else [gv]
    if empty(pv):
        if all(empty(a) for a in alts):
            return None
        return any(empty(a) for a in alts)
    alts = [a for a in alts if not empty(a)]
    if not alts:
        return False
    if field in ("value", "value_high", "change_value"):
        return any(same_number(a, pv) for a in alts)
    if field in ("unit", "change_unit"):
        return any(unit(a) == unit(pv) for a in alts)
    if field in ("quantity_of", "area"):
        b = norm(pv if isinstance(pv, str) else "".join(map(str, pv)))
        return any(
            norm(a) == b or (min(len(norm(a)), len(b)) >= 2 and (norm(a) in b or b in norm(a)))
            for a in alts
        )
    if field == "period":
        return any(month_range(a) == month_range(pv) for a in alts)
    if field == "owner":
        return any(names(a) == names(pv) for a in alts)
    if field == "parts":
        try:
            have = Counter(round(num(q["value"]), 9) for q in pv)
        except (TypeError, KeyError):
            return False
        return have == Counter(round(num(q["value"]), 9) for q in gv)
    return any(norm(a) == norm(pv) for a in alts)


def overlap(a, b):
    return max(0, min(a["end"], b["end"]) - max(a["start"], b["start"]))


def iou(a, b):
    o = overlap(a, b)
    u = max(a["end"], b["end"]) - min(a["start"], b["start"])
    return o / u if u and o else 0.0


def eligible(g, p):
    if g["type"] != p["type"] or "\n" in p.get("text", ""):
        return False
    short = min(g["end"] - g["start"], p["end"] - p["start"])
    return short > 0 and overlap(g, p) >= 0.5 * short and iou(g, p) >= 0.2


def numbers_agree(g, p):
    if not empty(g.get("value")):
        return same_number(g["value"], p.get("value"))
    if not empty(g.get("change_value")):
        return same_number(g["change_value"], p.get("change_value"))
    return empty(p.get("value"))


def match(gold, pred):
    pairs = []
    for i, g in enumerate(gold):
        for j, p in enumerate(pred):
            if eligible(g, p):
                name = right("indicator", g.get("indicator"), p.get("indicator"), g, p)
                if name is None:
                    name = right("quantity_of", g.get("quantity_of"), p.get("quantity_of"), g, p)
                pairs.append((numbers_agree(g, p), bool(name), iou(g, p), i, j))
    pairs.sort(key=lambda t: (-t[0], -t[1], -t[2], t[3], t[4]))
    gi, pj, out = set(), set(), []
    for _, _, _, i, j in pairs:
        if i not in gi and j not in pj:
            gi.add(i)
            pj.add(j)
            out.append((i, j))
    return out


def strict(g, p):
    for f in ("value", "value_high", "unit", "comparator", "change_value", "indicator"):
        if right(f, g.get(f), p.get(f), g, p) is False:
            return False
    return right("quantity_of", g.get("quantity_of"), p.get("quantity_of"), g, p) is not False


def prf(tp, n_pred, n_gold):
    p = tp / n_pred if n_pred else 0.0
    r = tp / n_gold if n_gold else 0.0
    return p, r, 2 * p * r / (p + r) if p + r else 0.0


class Tally:
    def __init__(self):
        self.tp, self.gold, self.pred, self.strict = Counter(), Counter(), Counter(), Counter()
        self.ok, self.seen, self.bad = Counter(), Counter(), 0

    def add(self, gold, pred, label="", show=False):
        found = match(gold, pred)
        for g in gold:
            self.gold[g["type"]] += 1
        for p in pred:
            self.pred[p["type"]] += 1
        for i, j in found:
            g, p = gold[i], pred[j]
            self.tp[g["type"]] += 1
            self.strict[g["type"]] += strict(g, p)
            for f in FIELDS:
                r = right(f, g.get(f), p.get(f), g, p)
                if r is None:
                    continue
                self.seen[f] += 1
                self.ok[f] += r
                if show and not r:
                    print(
                        f"  {label} FIELD {f}: gold {g.get(f)!r} pred {p.get(f)!r}  [{g['text'][:40]}]"
                    )
        if show:
            gi, pj = {i for i, _ in found}, {j for _, j in found}
            for i, g in enumerate(gold):
                if i not in gi:
                    print(f"  {label} MISSED {g['type']} {g['start']}: {g['text'][:60]}")
            for j, p in enumerate(pred):
                if j not in pj:
                    print(f"  {label} SPURIOUS {p['type']} {p['start']}: {p.get('text', '')[:60]}")
        return prf(len(found), len(pred), len(gold))

    def report(self):
        print(
            f"{'type':8} {'gold':>5} {'pred':>5} {'match':>5} {'P':>7} {'R':>7} {'F1':>7} {'strictF1':>9}"
        )
        for t in (*TYPES, "all"):
            tp, n, m, s = (
                (sum(c.values()) if t == "all" else c[t])
                for c in (self.tp, self.pred, self.gold, self.strict)
            )
            p, r, f = prf(tp, n, m)
            sf = prf(s, n, m)[2]
            print(f"{t:8} {m:5} {n:5} {tp:5} {p:7.3f} {r:7.3f} {f:7.3f} {sf:9.3f}")
        print("field            right  seen  accuracy")
        for f in FIELDS:
            acc = f"{self.ok[f] / self.seen[f]:.3f}" if self.seen[f] else "  -"
            print(f"{f:15} {self.ok[f]:6} {self.seen[f]:5}  {acc}")
        tp, n, m, s = (sum(c.values()) for c in (self.tp, self.pred, self.gold, self.strict))
        p, r, f = prf(tp, n, m)
        by = " ".join(f"{t}={prf(self.tp[t], self.pred[t], self.gold[t])[2]:.3f}" for t in TYPES)
        fields = sum(self.ok.values()) / sum(self.seen.values()) if self.seen else 0.0
        print(
            f"SUMMARY gold={m} pred={n} P={p:.3f} R={r:.3f} F1={f:.3f} {by} strictF1={prf(s, n, m)[2]:.3f} fields={fields:.3f} bad_items={self.bad}"
        )


def read(lines, tally, source=None):
    """Items of JSON lines. An item without type or offsets, or whose text is not source[start:end], is counted as bad; it stays a (wrong) prediction if it has a type."""
    out = []
    for line in lines:
        line = line.strip()
        if not line.startswith("{"):
            continue
        try:
            it = json.loads(line)
            it["start"], it["end"] = int(it["start"]), int(it["end"])
            it["type"] in TYPES or 1 / 0
        except Exception:
            tally.bad += 1
            continue
        if source is not None:
            cut = source[it["start"] : it["end"]]
            if it.get("text") != cut:
                tally.bad += 1
                it["start"] = it["end"] = 0
            it["text"] = cut
        out.append(it)
    return out


def main(argv):
    show = "--errors" in argv[:1]
    if show:
        argv = argv[1:]
    t = Tally()
    if argv[:1] == ["--all"] and len(argv) > 1:
        for txt in sorted(HERE.glob("[0-9][0-9]_*.txt")):
            source = txt.read_text(encoding="utf-8")
            gold = read(
                txt.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines(), t, source
            )
            try:
                run = subprocess.run([*argv[1:], str(txt)], capture_output=True, timeout=300)
                lines = run.stdout.decode("utf-8", "replace").splitlines()
                if run.returncode:
                    print(
                        f"{txt.name}: exit {run.returncode}: {run.stderr.decode('utf-8', 'replace')[-300:]}"
                    )
            except subprocess.TimeoutExpired:
                lines = []
                print(f"{txt.name}: over 300 s")
            pred = read(lines, t, source)
            p, r, f = t.add(gold, pred, txt.stem[:2], show)
            print(
                f"{txt.name:28} gold {len(gold):3} pred {len(pred):3} P {p:.3f} R {r:.3f} F1 {f:.3f}"
            )
    elif len(argv) == 2:
        gold = read(Path(argv[0]).read_text(encoding="utf-8").splitlines(), t)
        pred = read(Path(argv[1]).read_text(encoding="utf-8").splitlines(), t)
        t.add(gold, pred, "", show)
    else:
        sys.exit(__doc__)
    t.report()


if __name__ == "__main__":
    main(sys.argv[1:])
