// Statements are rendered without ever being read as HTML; boards are sorted as the server sorts them.

import assert from "node:assert/strict";
import test from "node:test";

import { cellIn, firsts, placed, taken } from "../../web/contests/board.js";
import { parse, render } from "../../web/contests/markdown.js";

/** A page that only remembers what was put into it. */
const page = {
  createTextNode: (text) => ({ text }),
  createElement: (tag) => ({ tag, attributes: {}, children: [], setAttribute(name, value) { this.attributes[name] = value; }, append(...more) { this.children.push(...more); } }),
};
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const html = (nodes) => nodes.map(({ text, tag, attributes, children }) => (text !== undefined ? escaped(text) : `<${tag}${Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`).join("")}>${html(children)}</${tag}>`)).join("");
const shown = (text) => html(render(text, page));

test("what statements are made of is rendered", () => {
  assert.equal(shown("# Sums\n\nAdd **a** and *b*,\nthen `print` it."), "<h3>Sums</h3><p>Add <strong>a</strong> and <em>b</em>,\nthen <code>print</code> it.</p>");
  assert.equal(shown("- one\n- two\n  1. deep\n\nafter"), "<ul><li>one</li><li>two<ol><li>deep</li></ol></li></ul><p>after</p>");
  assert.equal(shown("```c\nint x = 1 < 2;\n```"), "<pre><code data-language=\"c\">int x = 1 &lt; 2;</code></pre>");
  assert.equal(shown("> said\n> so"), "<blockquote><p>said\nso</p></blockquote>");
  assert.equal(shown("| n | sum |\n|--:|:-:|\n| 1 | `a\\|b` |"), "<table><thead><tr><th class=\"to-end\">n</th><th class=\"to-center\">sum</th></tr></thead><tbody><tr><td class=\"to-end\">1</td><td class=\"to-center\"><code>a|b</code></td></tr></tbody></table>");
  assert.equal(shown("$1 \\le n$ costs 5$ and 6$\n\n---"), "<p><code class=\"math\">1 \\le n</code> costs 5$ and 6$</p><hr></hr>");
  assert.equal(shown("a_b_c 2*3*4 \\*no\\*"), "<p>a_b_c 2<em>3</em>4 *no*</p>");
  assert.equal(shown("3. three\n4. four"), "<ol start=\"3\"><li>three</li><li>four</li></ol>");
});

test("no text becomes HTML, and no link leads where it should not", () => {
  for (const text of ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a <b>b</b>", "`<i>`", "[<b>](/x)", "# <svg onload=x>", "| <i> | b |\n|---|---|\n| <u> | 2 |"]) {
    const made = shown(text);
    assert.ok(!/<(script|img|b|i|svg|u)\b/.test(made), `${text} became ${made}`);
  }
  for (const href of ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example", "vbscript:x", "&#106;avascript:x", "\u0001javascript:x"]) {
    assert.ok(!shown(`[x](${href})`).includes("href"), href);
    assert.ok(!shown(`![x](${href})`).includes("href"), href);
  }
  assert.equal(shown("[x](https://a.example/?q=1)"), "<p><a href=\"https://a.example/?q=1\" rel=\"noopener noreferrer nofollow\">x</a></p>");
  assert.equal(shown("![a picture](/static/x.png)"), "<p><a href=\"/static/x.png\" rel=\"noopener noreferrer nofollow\">a picture</a></p>", "nothing is fetched unasked");
});

test("hostile texts are read in time and do not nest without bound", () => {
  const start = Date.now();
  for (const text of [">".repeat(60_000), "- ".repeat(30_000), "*".repeat(60_000), "[".repeat(60_000), "`".repeat(60_000), "**a ".repeat(15_000), "_a ".repeat(20_000), "$a".repeat(30_000), "a|".repeat(30_000) + "\n" + "-|".repeat(30_000), "\n- x".repeat(15_000), "\\".repeat(60_000), "![](".repeat(15_000)]) {
    const before = Date.now();
    render(text, page);
    assert.ok(Date.now() - before < 3000, `${text.slice(0, 6)} takes ${Date.now() - before} ms`);
  }
  assert.ok(Date.now() - start < 15_000);
  const depth = (nodes) => 1 + Math.max(0, ...nodes.map(({ children = [] }) => depth(children)));
  assert.ok(depth(parse(`${"> ".repeat(50)}x`)) < 14);
});

const row = (team, score, penalty, last_ms, cells = {}) => ({ team, name: `P${team}`, score, penalty, last_ms, cells });

test("rows are placed as the server places them, and equals share a place", () => {
  const rows = [row(1, 0, 0, 0), row(2, 2, 50, 9), row(3, 2, 40, 20), row(4, 2, 50, 8), row(5, 0, 0, 0)];
  assert.deepEqual(placed(rows).map(({ place, row: { team } }) => [place, team]), [[1, 3], [2, 4], [3, 2], [4, 1], [4, 5]]);
});

test("what a change names replaces what was there, and the rest stays", () => {
  const view = { title: "A", phase: "running", board: [row(1, 0, 0, 0), row(2, 0, 0, 0)], submissions: [{ id: "x", number: 0, verdict: null }], clarifications: [] };
  const next = taken(view, { board: [row(2, 1, 20, 5)], gone: [1], submissions: [{ id: "y", number: 1 }, { id: "x", number: 0, verdict: "accepted" }] });
  assert.deepEqual(next.board.map(({ team }) => team), [2]);
  assert.deepEqual(next.submissions.map(({ id, verdict }) => [id, verdict]), [["y", undefined], ["x", "accepted"]]);
  assert.deepEqual([next.title, next.phase, "truly" in next, view.board.length], ["A", "running", false, 2]);
  assert.deepEqual(taken({ ...view, truly: [] }, { truly: [row(1, 1, 1, 1)] }).truly.length, 1);
});

test("a cell says in words what its colour shows", () => {
  const cell = (tries, pending, score, at_ms = null) => ({ tries, pending, score, at_ms });
  assert.deepEqual(cellIn(cell(3, 0, 1, 125_000), "icpc", 100), { kind: "solved", short: "+2", minutes: 2, long: "solved after 2 minutes in 3 tries" });
  assert.equal(cellIn(cell(1, 2, 0), "icpc", 100).long, "1 try wrong, 2 not known yet");
  assert.deepEqual([cellIn(cell(2, 0, 40, 1), "points", 100).kind, cellIn(cell(2, 0, 100, 1), "points", 100).kind, cellIn(undefined, "icpc", 1).kind], ["part", "solved", "none"]);
  assert.deepEqual([...firsts([row(1, 1, 0, 0, { A: cell(1, 0, 1, 50) }), row(2, 1, 0, 0, { A: cell(1, 0, 1, 40), B: cell(1, 1, 0) })])], [["A", 2]]);
});
