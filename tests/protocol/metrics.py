"""Checks a scrape on standard input: PyPI prometheus-client's parser reads all of it, and it keeps the rules
of `promtool check metrics` and a few of ours. Prints each breach on a line; ends with status 1 if there is one.
"""

import re
import sys

from prometheus_client.parser import text_string_to_metric_families

NAME = re.compile(r"^[a-z][a-z0-9_]*$")
LABEL = re.compile(r"^[a-z][a-z0-9_]*$")
# Units that are not base units, as words of a name, and what to use.
UNITS = {
    "milliseconds": "seconds", "microseconds": "seconds", "nanoseconds": "seconds", "ms": "seconds",
    "us": "seconds", "ns": "seconds", "minutes": "seconds", "hours": "seconds", "days": "seconds",
    "secs": "seconds", "sec": "seconds", "s": "seconds",
    "kilobytes": "bytes", "megabytes": "bytes", "kib": "bytes", "mib": "bytes", "kb": "bytes", "mb": "bytes",
    "bits": "bytes", "b": "bytes", "percent": "ratio", "percentage": "ratio",
}
TYPES = ("counter", "gauge", "histogram", "summary")
# A series has at most so many labels, and a name so many series: routes times methods times statuses.
LABELS_MAX = 3
SERIES_MAX = 400


def said(text, word):
    """The names that have a line `# WORD name`, in order."""
    return re.findall(rf"^# {word} (\S+)", text, re.M)


def heads(text):
    """Each name that has samples has one HELP and one TYPE, and no line of two."""
    helps, types = said(text, "HELP"), said(text, "TYPE")
    for word, names in (("HELP", helps), ("TYPE", types)):
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"{name}: {word} is there twice"
    for name in types:
        if name not in helps:
            yield f"{name}: no HELP"
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name = re.split(r"[{ ]", line, maxsplit=1)[0]
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        if name not in types and family not in types:
            yield f"{name}: no TYPE"


def naming(family, raw):
    """The rules for a name, its unit and its type."""
    if not NAME.match(raw) or ":" in raw:
        yield f"{raw}: not lower case with underscores"
    if family.type not in TYPES:
        yield f"{raw}: of type {family.type}"
    if family.type == "counter" and not raw.endswith("_total"):
        yield f"{raw}: a counter ends in _total"
    if family.type != "counter" and raw.endswith("_total"):
        yield f"{raw}: only a counter ends in _total"
    words = raw.split("_")
    for word in words:
        if word in UNITS:
            yield f"{raw}: {word} is no base unit, use {UNITS[word]}"
        if word in TYPES:
            yield f"{raw}: its type is part of its name"
    if family.type in ("counter", "gauge") and words[-1] in ("bucket", "count", "sum", "info"):
        yield f"{raw}: ends as parts of a histogram do"
    if not family.documentation.strip():
        yield f"{raw}: HELP says nothing"


def labels(family, raw):
    """The rules for labels and how many series there are."""
    series = set()
    for sample in family.samples:
        own = {k: v for k, v in sample.labels.items() if k not in ("le", "quantile")}
        series.add(tuple(sorted(own.items())))
        if len(own) > LABELS_MAX:
            yield f"{raw}: {len(own)} labels"
        for label in own:
            if not LABEL.match(label) or label.startswith("__"):
                yield f"{raw}: label {label}"
        if family.type != "histogram" and "le" in sample.labels:
            yield f"{raw}: le belongs to histograms"
        if family.type != "summary" and "quantile" in sample.labels:
            yield f"{raw}: quantile belongs to summaries"
    if len(series) > SERIES_MAX:
        yield f"{raw}: {len(series)} series"


def values(family, raw):
    """Counters do not fall below nothing; buckets add up to the count."""
    buckets, counts, sums = {}, {}, set()
    for sample in family.samples:
        key = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
        if family.type == "counter" and sample.value < 0:
            yield f"{raw}: a counter of {sample.value}"
        if family.type == "histogram":
            if sample.name.endswith("_bucket"):
                buckets.setdefault(key, []).append((float(sample.labels["le"]), sample.value))
            elif sample.name.endswith("_count"):
                counts[key] = sample.value
            elif sample.name.endswith("_sum"):
                sums.add(key)
    if family.type != "histogram":
        return
    if set(buckets) != set(counts) or set(buckets) != sums:
        yield f"{raw}: a series without buckets, count or sum"
    for key, all_of_them in buckets.items():
        bounds = [bound for bound, _ in all_of_them]
        heights = [height for _, height in all_of_them]
        if bounds != sorted(set(bounds)) or bounds[-1] != float("inf"):
            yield f"{raw} {key}: bounds {bounds}"
        if heights != sorted(heights) or heights[-1] != counts.get(key):
            yield f"{raw} {key}: {heights} do not add up to {counts.get(key)}"


def check(text):
    """Every breach."""
    yield from heads(text)
    if text and not text.endswith("\n"):
        yield "the last line does not end"
    seen = set()
    types = said(text, "TYPE")
    for family in text_string_to_metric_families(text):
        # The parser takes `_total` away from counters.
        raw = family.name + "_total" if family.name + "_total" in types else family.name
        if raw in seen:
            yield f"{raw}: its samples do not stand together"
        seen.add(raw)
        for rule in (naming, labels, values):
            yield from rule(family, raw)
    yield from (f"{name}: no samples" for name in types if name not in seen)


def main():
    text = sys.stdin.read()
    breaches = list(check(text))
    for breach in breaches:
        print(breach)
    print(f"checked {len(said(text, 'TYPE'))} names", file=sys.stderr)
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
