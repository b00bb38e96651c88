#!/usr/bin/env python3
"""Audits the export of a poll: is this log whole, and do its ballots add up to what it says?

Everything is found out from the file alone, with nothing of the server's: the file is read strictly,
each record's hash is made again from the one before it, every ballot is checked against what the poll
asks, and all are counted again. docs/audit.md has the format, and says what this proves and what not.
"""

import argparse
import collections
import hashlib
import itertools
import json
import re
import sys

HEAD = ["number", "kind", "ballot", "elapsed_ms", "body", "nonce", "hash"]
LONGEST = 1 << 20  # bytes of one record; a real one has less than 100 KB
NO_HASH = "0" * 64  # what a poll's first record follows on
FAULTS_MAX = 20  # more are not listed
REST_MAX = 200_000  # so many records are looked through for what happened; a round has up to 90,000
NUMBER, HEX32, HEX64 = (re.compile(p) for p in ("0|[1-9][0-9]{0,9}", "[0-9a-f]{32}", "[0-9a-f]{64}"))
FIELD = r'("[^"]*(?:""[^"]*)*"|[^",\r\n]*)'
RECORD = re.compile(",".join([FIELD] * len(HEAD)) + r"(\r\n)?")

Row = collections.namedtuple("Row", ["line", *HEAD, "problem"])


class Unreadable(Exception):
    """The file is no export of a poll."""


class Wrong(Exception):
    """A record breaks the poll's own rules."""


def need(true, message):
    if not true:
        raise Wrong(message)


# Reading: RFC 4180, with nothing forgiven.

def rows(file):
    """The file's records one after the other, each with the line on which it begins."""
    line = 0
    while True:
        first, raw, quotes = line + 1, b"", 0
        while piece := file.readline(LONGEST - len(raw)):
            line, raw, quotes = line + 1, raw + piece, quotes + piece.count(b'"')
            if quotes % 2 == 0 and piece.endswith(b"\n") or len(raw) >= LONGEST:
                break
        if not raw:
            return
        last = not piece  # only the file's last record may lack its line end
        try:
            found = RECORD.fullmatch(raw.decode("utf-8"))
        except UnicodeDecodeError:
            found = None
        if found and (found[8] or last):
            fields = [f[1:-1].replace('""', '"') if f[:1] == '"' else f for f in found.groups()[:7]]
            yield Row(first, *fields, None)
        else:
            yield Row(first, *[""] * 7, "it is not written as an export writes a record")


def form_problem(row):
    """What is wrong with how the fields of `row` are written; None if nothing is."""
    if row.problem:
        return row.problem
    for name, pattern in [("number", NUMBER), ("ballot", NUMBER), ("elapsed_ms", NUMBER),
                          ("nonce", HEX32), ("hash", HEX64)]:
        if not pattern.fullmatch(getattr(row, name)):
            return f"its {name} is not written as an export writes it"
    if row.kind not in ("opened", "vote", "change", "closed", "reset"):
        return "its kind is none that there is"
    return "its body is not on one line" if re.search(r"[\r\n]", row.body) else None


def from_json(text):
    """`text` as JSON, in which each name may stand once."""
    def once(pairs):
        need(len(dict(pairs)) == len(pairs), "its body says something twice")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise Wrong("its body is not JSON") from None


def is_number(value, low=0, high=2**32 - 1):
    return type(value) is int and low <= value <= high


def is_text(value, longest):
    """True for one line of text, without what cannot be written as UTF-8."""
    return type(value) is str and 0 < len(value) <= longest and not re.search(
        "[\x00-\x1f\x7f-\x9f\ud800-\udfff]", value)


# The chain.

def hash_of(row, before, number=None, ballot=None):
    """The SHA-256 of the eight lines, for a record that follows on the hash `before`."""
    lines = ["playhouse poll record 1", before, row.number if number is None else str(number),
             row.kind, row.ballot if ballot is None else str(ballot), row.elapsed_ms, row.body,
             row.nonce]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def fits(row, before, number=None):
    """True if `row`, as record `number`, follows on the hash `before`. A new ballot has the record's
    own number, so whoever numbers records anew may have done so there, too."""
    if row.problem or row.hash == hash_of(row, before, number):
        return not row.problem
    return bool(number) and row.kind == "vote" and row.hash == hash_of(row, before, number, number)


def fault(what, record, line, message, to=None):
    return {"what": what, "record": record, "to": to or record, "line": line, "message": message}


def diagnose(row, number, before, earlier, rest, sure_of_before):
    """What happened where record `number` should stand, but `row` does, which does not follow on the
    row `before`. `earlier` is the hash before that; `rest` is what follows on `row`."""
    told = int(row.number) if NUMBER.fullmatch(row.number) else None
    behind = rest[0] if rest else None
    here = f"record {number} (line {row.line})"
    if told != number and fits(row, before.hash, number):
        return fault("altered", number, row.line, f"{here} was altered: its number alone")
    if behind and not row.problem and fits(behind, hash_of(row, before.hash, number), number + 1):
        return fault("altered", number, row.line, f"{here} was altered: its hash alone")
    for place, true in enumerate(rest):  # does the true record stand further on?
        if not fits(true, before.hash, number) or row.problem and true.number != str(number):
            continue  # a line that is none may be the torn front of the next
        far, last = number + place + 1, [row, *rest][place]
        if fits(row, (true if last is row else last).hash, far):
            return fault("swapped", number, row.line, f"records {number} and {far} (lines {row.line} "
                         f"and {true.line}) were swapped", far)
        if fits(row, true.hash, number + 1):
            return fault("moved", number, true.line, f"record {number} was moved behind record {far},"
                         f" to line {true.line}")
        if told and told > number and all(other.number != row.number for other in rest):
            return fault("moved", told, row.line, f"record {told} was moved before record {number},"
                         f" to line {row.line}")
        lines = f"line {row.line}" if last is row else f"lines {row.line} to {last.line}"
        return fault("added", number if told is None else told, row.line,
                     f"what stands on {lines} was added before record {number}")
    if earlier and fits(row, earlier, number - 1):
        return fault("added", number - 1, before.line, f"there are two records {number - 1}: the one "
                     f"on line {before.line} was added, for the log goes on with the other")
    last_gone = None
    if told and told > number and (behind is None or behind.number == str(told + 1)):
        last_gone = told - 1
    elif told == number and behind and not fits(behind, row.hash, number + 1):
        # Those behind the hole may have been numbered anew, to hide it.
        holes = (n for n in range(1, 1000) if fits(behind, row.hash, number + 1 + n))
        last_gone = next((number + n - 1 for n in holes), None)
    if last_gone:
        many = f"records {number} to {last_gone} were" if last_gone > number else f"record {number} was"
        return fault("removed", number, row.line, f"{many} removed before line {row.line}", last_gone)
    if told is not None and told < number and behind is None:
        return fault("added", told, row.line, f"what stands on line {row.line} was added at the end")
    why = form_problem(row) or "what it says does not give its hash"
    doubt = "" if sure_of_before else (
        f" (or record {number - 1} was, and its hash made anew: a receipt for that one tells)")
    return fault("altered", number, row.line, f"{here} was altered: {why}{doubt}")


# What the poll asks, and its count.

class Count:
    """The ballots of one round, and what they add up to."""

    def __init__(self, body):
        said = from_json(body)
        need(type(said) is dict and set(said) == {"poll", "asks"}, "it does not say what is asked")
        self.poll, asks = said["poll"], said["asks"]
        need(type(self.poll) is str and type(asks) is dict, "it does not say what is asked")
        self.title, self.options, kind = asks.get("title"), asks.get("options"), asks.get("kind")
        self.change, self.secret = asks.get("change"), asks.get("secret")
        self.seconds = asks.get("seconds")
        self.kind, of_kind = (kind, {}) if type(kind) is str else next(
            iter(kind.items()) if type(kind) is dict and len(kind) == 1 else iter([(None, {})]))
        needs = {"single": [], "rating": [], "ranked": [], "multiple": ["max"], "words": ["max"],
                 "quiz": ["right"]}.get(self.kind)
        need(type(of_kind) is dict and needs == list(of_kind), "it asks in no way that there is")
        need(all(is_number(n) for n in of_kind.values()), "it asks in no way that there is")
        need(is_text(self.title, 200) and type(self.options) is list
             and all(is_text(option, 100) for option in self.options)
             and type(self.change) is bool and type(self.secret) is bool
             and (self.seconds is None or is_number(self.seconds)), "what is asked is not whole")
        need(self.kind != "quiz" or self.seconds, "a quiz has a time limit")
        self.right = of_kind.get("right")
        self.max = of_kind.get("max", len(self.options) if self.kind == "ranked" else 1)
        self.ballots, self.elapsed, self.changes = {}, {}, 0  # by ballot: its choice, its time

    def read(self, body):
        """The choice that a ballot's body says, if the poll allows it."""
        said, kind = from_json(body), self.kind
        name = "words" if kind == "words" else "choice"
        need(type(said) is dict and set(said) - {"name"} == {name}, f"a ballot here has one {name}")
        need("name" not in said or kind == "quiz" and is_text(said["name"], 24),
             "its name is not one that a ballot here can have")
        choice = said[name]
        need(type(choice) is list and 1 <= len(choice) <= self.max,
             f"a ballot here names 1 to {self.max}")
        if kind == "words":
            need(all(is_text(word, 25) for word in choice), "it has a word that is none")
        elif kind == "rating":
            need(is_number(choice[0], 1, 5), "a rating is 1 to 5")
        else:
            need(all(is_number(n, 0, len(self.options) - 1) for n in choice),
                 "it names an option that there is not")
            need(kind == "ranked" or choice == sorted(choice), "its options are not in order")
        need(len(set(choice)) == len(choice), "it names something twice")
        return choice

    def take(self, row, number, newest_ms):
        """Counts a ballot, or a change of one."""
        choice, ballot, elapsed = self.read(row.body), int(row.ballot), int(row.elapsed_ms)
        if row.kind == "vote":
            need(ballot == number, f"a new ballot has its record's number, not {ballot}")
        else:
            need(self.change, "it changes a vote, which this poll does not allow")
            need(ballot in self.ballots, f"it changes ballot {ballot}, which nobody cast")
        need(not self.secret or elapsed == 0, "a secret ballot has no time")
        need(elapsed >= newest_ms, "its time is before that of an earlier record")
        need(self.seconds is None or elapsed < 1000 * self.seconds, "it came after the poll's time")
        self.changes += row.kind == "change"
        self.ballots[ballot], self.elapsed[ballot] = choice, elapsed

    def counts(self):
        low, size = (1, 5) if self.kind == "rating" else (0, len(self.options))
        counts = [0] * size
        for choice in self.ballots.values():
            for mark in choice[:1] if self.kind == "ranked" else choice:
                counts[mark - low] += 1
        return counts

    def words(self):
        """How often each word was said, most often first."""
        said = collections.Counter(word for words in self.ballots.values() for word in words)
        return sorted(said.items(), key=lambda pair: (-pair[1], pair[0]))

    def runoff(self, head):
        """The rounds of an instant run-off, and its winner. `head` is the hash that lots hang on."""
        left, rounds = set(range(len(self.options))), []
        while True:
            tops = (next((o for o in choice if o in left), None) for choice in self.ballots.values())
            got = collections.Counter(tops)
            rounds.append([got[o] if o in left else None for o in range(len(self.options))])
            total = sum(got[o] for o in left)
            winner = next((o for o in sorted(left) if 2 * got[o] > total), None)
            if winner is not None or not total:
                return rounds, winner
            tied = [o for o in sorted(left) if got[o] == min(got[o] for o in left)]
            for past in rounds:  # of equals, who had the fewest in the first round that differed
                fewest = min(past[o] for o in tied)
                tied = [o for o in tied if past[o] == fewest]
            lot = (f"playhouse poll lot 1\n{head}\n{{}}".format)
            left.remove(min(tied, key=lambda o: hashlib.sha256(lot(o).encode()).digest()))

    def best(self):
        """The ten best of a quiz: place, ballot, points; equal points share a place."""
        def points(ballot):
            elapsed, limit = self.elapsed[ballot], 1000 * self.seconds
            if self.ballots[ballot] != [self.right]:
                return 0
            return 1000 if elapsed <= 500 else 1000 + (-500 * min(elapsed, limit) // limit)

        ranked = sorted((-points(ballot), ballot) for ballot in self.ballots)
        all_points = [-lost for lost, _ in ranked]
        return [[1 + all_points.index(-lost), ballot, -lost] for lost, ballot in ranked[:10] if lost]

    def result(self, head):
        """What the closing record must say."""
        result = {"ballots": len(self.ballots)}
        if self.kind == "words":
            lines = "\n".join(f"{count} {word}" for word, count in self.words())
            result["distinct"] = len(self.words())
            result["words_sha256"] = hashlib.sha256(lines.encode()).hexdigest()
        else:
            result["counts"] = self.counts()
        if self.kind == "ranked":
            result["rounds"], result["winner"] = self.runoff(head)
        if self.kind == "quiz":
            result["best"] = self.best()
        return result


# The audit of one file.

class Audit:
    def __init__(self, noted_closing=None, receipts=()):
        self.closing, self.receipts, self.faults = noted_closing, receipts, []
        self.noted = collections.defaultdict(list)
        for number, noted in receipts:
            self.noted[number].append(noted)
        self.seen = {}  # the records that somebody has a receipt for: hash and body
        self.superseded = {}  # for a ballot: its newest record
        self.sure, self.newest_ms, self.state = 0, 0, "new"
        self.start, self.count, self.result, self.end = None, None, None, None

    def run(self, file):
        source = rows(file)
        head = next(source, None)
        if head is None or head.problem or list(head[1:8]) != HEAD:
            raise Unreadable(f"its first line is not '{','.join(HEAD)}'")
        self.start = next(source, Row(2, *[""] * 7, "the file ends"))
        if not self.begin(self.start):
            return
        before, earlier, number = self.start, None, int(self.start.number)
        for row in source:
            number += 1
            if self.state == "closed":
                told = int(row.number) if NUMBER.fullmatch(row.number) else number
                self.faults.append(fault("added", told, row.line, f"what stands on line {row.line} "
                                         f"was added behind the closing record, {number - 1}"))
                break
            if row.number != str(number) or form_problem(row) or not fits(row, before.hash):
                self.broken(row, number, before, earlier, list(itertools.islice(source, REST_MAX)))
                break
            self.check(row, number, before.hash)
            self.compare(row, number)
            before, earlier, self.end = row, before.hash, row
        self.finish()

    def begin(self, row):
        """Reads the line that says what the first record follows on."""
        good = [row.kind, row.ballot, row.elapsed_ms, row.body, row.nonce] == ["start", "0", "0", "", ""]
        good &= bool(NUMBER.fullmatch(row.number) and HEX64.fullmatch(row.hash))
        if not good or (row.number == "0") != (row.hash == NO_HASH):
            told = int(row.number) if NUMBER.fullmatch(row.number) else 0
            self.faults.append(fault("altered", told, row.line, f"line {row.line}, which says what the "
                                     "first record follows on, was altered or removed"))
            return False
        self.state = "new" if row.number == "0" else "kept"
        self.sure = int(row.number)
        self.compare(row, int(row.number))
        return True

    def broken(self, row, number, before, earlier, rest):
        first = before is self.start
        if first and row.number != str(number) and fits(row, before.hash):
            found = fault("altered", int(before.number), before.line, f"line {before.line}, which says "
                          "what the first record follows on, was altered: its number")
        else:
            found = diagnose(row, number, before, earlier, rest, number - 1 in (0, self.sure))
            if first and number > 1 and found["what"] == "altered":
                found["message"] += f"; or line {before.line} was, which says what it follows on"
        self.faults.append(found)
        self.state = "broken"

    def check(self, row, number, before):
        """Checks what a record says, once its hash is right."""
        try:
            if row.kind in ("vote", "change"):
                need(self.state == "open", "it is a vote while the poll is not open")
                if self.count:
                    self.count.take(row, number, self.newest_ms)
                    self.superseded[int(row.ballot)] = number
                    self.newest_ms = int(row.elapsed_ms)
                return
            need(row.ballot == "0" and row.elapsed_ms == "0", "it is no vote, and has a ballot or a time")
            expected = {"new": "opened", "kept": "reset", "draft": "opened", "open": "closed"}[self.state]
            need(row.kind == expected, f"it says '{row.kind}' where only '{expected}' can stand")
            self.state = {"opened": "open", "reset": "draft", "closed": "closed"}[row.kind]
            if row.kind == "reset":
                need(row.body == "{}", "a reset says nothing more")
            elif row.kind == "opened":
                self.count = Count(row.body)
            elif self.count:
                self.result = self.count.result(before)
                told = json.dumps(self.result, separators=(",", ":"))
                need(row.body == told, f"it says {row.body}, but the ballots add up to {told}")
        except Wrong as wrong:
            self.blame("wrong", number, row.line, f"record {number} (line {row.line}): {wrong}")

    def blame(self, *what):
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(fault(*what))

    def compare(self, row, number):
        """Compares a record with the receipts for it. One that agrees proves all before it, too."""
        for noted in self.noted.get(number, ()):
            self.seen[number] = row
            if noted == row.hash:
                self.sure = number
            elif all(f["what"] != "rewritten" for f in self.faults):
                self.rewritten(number, row.line, f"the receipt for record {number} has another hash")

    def rewritten(self, last, line, why):
        first = self.sure + 1 if self.sure < last else last
        which = f"record {last}" if first == last else f"some record from {first} to {last}"
        self.faults.append(fault("rewritten", first, line, f"{why}: {which} was altered, removed or added,"
                                 " and the hashes behind it made anew", last))

    def finish(self):
        number = int((self.end or self.start).number)
        line = (self.end or self.start).line
        for missing in sorted(n for n in self.noted if n not in self.seen):
            if self.state != "broken":
                first = int(self.start.number)
                self.blame("removed", missing, line, f"there is no record {missing}, for which there is a"
                           f" receipt: this log has {first + 1} to {number}"
                           + (" (it may be of an earlier round)" if missing < first else ""))
        if self.closing and self.state != "broken":
            if self.state != "closed":
                self.blame("removed", number + 1, line, "the closing record is missing, and its hash was "
                           f"noted: the log was cut off behind record {number} (line {line})")
            elif self.end.hash != self.closing and all(f["what"] != "rewritten" for f in self.faults):
                self.rewritten(number, line, "the closing hash is not the one that was noted")

    def receipt(self, number, noted):
        """What became of a receipt: a word, and the record's body."""
        row = self.seen.get(number)
        if row is None:
            return ("missing" if self.state != "broken" else "not reached"), None
        return ("confirmed" if row.hash == noted else "contradicted"), row.body


def report(name, audit, open_allowed):
    """Everything that was found out, as what `--json` writes."""
    whole = not audit.faults and audit.state == "closed"
    verdict = "altered" if audit.faults else "confirmed" if whole else "open" if open_allowed else "unfinished"
    count, receipts = audit.count, []
    for number, noted in audit.receipts:
        state, body = audit.receipt(number, noted)
        row = audit.seen.get(number)
        newest = audit.superseded.get(int(row.ballot)) if row and row.kind in ("vote", "change") else None
        receipts.append({"number": number, "hash": noted, "state": state, "body": body,
                         "changed_by": newest if newest != number else None})
    return {
        "file": name, "verdict": verdict, "faults": audit.faults,
        "poll": count and count.poll, "title": count and count.title, "kind": count and count.kind,
        "options": count and count.options,
        "records": [int(audit.start.number) + 1, int(audit.end.number)] if audit.end else None,
        "ballots": count and len(count.ballots), "changes": count and count.changes,
        "result": audit.result, "words": count.words()[:10] if count and count.kind == "words" else None,
        "closing_hash": audit.end.hash if audit.state == "closed" else None,
        "closing_noted": bool(audit.closing), "receipts": receipts,
    }


def plain(value):
    """`value` for a terminal: whatever does not show is written as its number."""
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in str(value))


def many(count, what):
    return f"{count or 0} {what}" + ("" if count == 1 else "s")


def in_words(told):
    """The report for people."""
    verdict, faults = told["verdict"], told["faults"]
    yield f"{told['file']}: " + {
        "confirmed": "CONFIRMED. The log is whole, and its ballots add up to what it says.",
        "open": "GOOD AS FAR AS IT GOES. There is no closing record yet.",
        "unfinished": "UNFINISHED. What is here is good, but there is no closing record: either the "
                      "poll is still open, or the end was cut off.",
        "altered": f"ALTERED: {faults[0]['message'] if faults else ''}.",
        "unreadable": f"NOT READABLE as the export of a poll: {told.get('why')}."}[verdict]
    yield from (f"  also: {fault['message']}" for fault in faults[1:])
    if told.get("title") is not None:
        yield f"  poll: {told['poll']} ({told['kind']}): {told['title']}"
    if told.get("records"):
        first, last = told["records"]
        yield (f"  records {first} to {last}" + (" (where the audit stopped)" if faults else "")
               + f": {many(told['ballots'], 'ballot')}, {many(told['changes'], 'changed vote')}")
    result = told.get("result")
    if result:
        yield "  counted again:"
        named = told["options"] or range(1, 6)
        yield from (f"    {n:>6}  {what}" for n, what in zip(result.get("counts", []), named))
        yield from (f"    {n:>6}  {word}" for word, n in told["words"] or [])
        for n, counts in enumerate(result.get("rounds", []), 1):
            yield f"    round {n}: " + ", ".join("out" if c is None else str(c) for c in counts)
        if "rounds" in result:
            winner = result["winner"]
            yield f"    winner: {'none' if winner is None else told['options'][winner]}"
        yield from (f"    place {p}: ballot {b}, {n} points" for p, b, n in result.get("best", []))
    if told.get("closing_hash"):
        yield f"  closing hash: {told['closing_hash']}"
        if not told["closing_noted"]:
            yield ("    Compare it with what was noted when the poll closed (--closing): whoever makes a "
                   "whole log anew makes its hashes anew, too.")
    for receipt in told.get("receipts", []):
        later = receipt["changed_by"]
        says = f", says {receipt['body']}" if receipt["body"] else ""
        yield (f"  receipt for record {receipt['number']}: {receipt['state']}{says}"
               + (f", later changed by record {later}" if later else ""))


def receipt_of(text):
    number, _, noted = text.strip().partition(":")
    if not NUMBER.fullmatch(number) or not HEX64.fullmatch(noted):
        raise argparse.ArgumentTypeError(f"not NUMBER:HASH: {text.strip()!r}")
    return int(number), noted


def hash_arg(text):
    if not HEX64.fullmatch(text):
        raise argparse.ArgumentTypeError("a hash has 64 hexadecimal digits in lower case")
    return text


def options_of(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        epilog="Exit status: 0 confirmed; 1 altered, unfinished, or against a receipt or the noted "
               "closing hash; 2 not readable as an export.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="an export.csv; - is standard input")
    parser.add_argument("--closing", metavar="HASH", type=hash_arg,
                        help="the closing hash as it was noted when the poll closed")
    parser.add_argument("--receipt", metavar="NUMBER:HASH", type=receipt_of, action="append", default=[],
                        help="a voter's receipt; may be given many times")
    parser.add_argument("--receipts", metavar="FILE",
                        help="receipts, one NUMBER:HASH on each line; lines with # are left out")
    parser.add_argument("--open", action="store_true",
                        help="the poll is still open: do not ask for a closing record")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each file")
    options = parser.parse_args(arguments)
    if options.receipts:
        try:
            with open(options.receipts, encoding="utf-8") as lines:
                options.receipt += [receipt_of(x) for x in lines if x.strip() and x[0] != "#"]
        except (OSError, UnicodeDecodeError, argparse.ArgumentTypeError) as error:
            parser.error(f"{options.receipts}: {error}")
    if len(options.files) > 1 and (options.closing or options.receipt):
        parser.error("a closing hash and receipts belong to one file")
    return options


def main(arguments=None):
    options, worst = options_of(arguments), 0
    sys.stdout.reconfigure(encoding="utf-8")
    for name in options.files:
        audit = Audit(options.closing, options.receipt)
        try:
            if name == "-":
                audit.run(sys.stdin.buffer)
            else:
                with open(name, "rb") as file:
                    audit.run(file)
            told = report(name, audit, options.open)
        except (OSError, Unreadable) as error:
            why = getattr(error, "strerror", None) or str(error)
            told = {"file": name, "verdict": "unreadable", "faults": [], "why": why}
        worst = max(worst, {"confirmed": 0, "open": 0, "unreadable": 2}.get(told["verdict"], 1))
        print(json.dumps(told) if options.json else "\n".join(map(plain, in_words(told))))
    return worst


if __name__ == "__main__":
    sys.exit(main())
