// The playground follows a job, names files and knows verdicts as the rules do: see domain/tests/page.rs. And its
// editor colours what it is given.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { EXAMPLES, filesOf } from "../../web/playground/examples.js";
import { exitOf, inBytes, inMs, Log, printable, SHOWN_MAX, standing, taken, VERDICTS } from "../../web/playground/job.js";
import { wrongName } from "../../web/playground/names.js";
import { SYNTAX, syntaxOf } from "../../web/playground/syntax.js";
import { Lines, tokens } from "../../web/playground/tokens.js";

const { jobs, names, pairs, verdicts } = JSON.parse(readFileSync(process.env.VECTORS));

/** The pieces of `text`, line by line; `kind:text` where there is a colour. */
function coloured(language, text) {
  let [state, pieces] = [null, []];
  return text.split("\n").map((line) => {
    [pieces, state] = tokens(line, state, SYNTAX[language]);
    assert.equal(pieces.map(([, part]) => part).join(""), line, "nothing is lost");
    return pieces.filter(([kind]) => kind).map(([kind, part]) => `${kind}:${part}`);
  });
}

test("a page that takes every change in has what the room shows", () => {
  for (const [first, ...steps] of jobs) {
    let view = first.view;
    for (const step of steps) {
      if (step.change) view = taken(view, step.change);
      assert.deepEqual(view, step.view);
    }
  }
});

test("files are called what the rules take", () => {
  for (const [name, good] of names) assert.equal(wrongName(name) === null, good, name);
  for (const [name, other, good] of pairs) assert.equal(wrongName(name, [other]) === null, good, `${name} beside ${other}`);
});

test("every verdict has its words, and no other", () => assert.deepEqual(Object.keys(VERDICTS), verdicts));

test("every example fits the rules and the bounds of the page", () => {
  assert.equal(new Set(EXAMPLES.map(({ id }) => id)).size, EXAMPLES.length);
  for (const example of EXAMPLES) {
    const files = filesOf(example);
    files.forEach(({ name }, n) => assert.equal(wrongName(name, files.slice(0, n).map((other) => other.name)), null));
    assert.ok(example.says.endsWith("."), example.id);
    assert.ok(SYNTAX[example.language], example.id);
  }
});

test("words, texts, numbers and comments are told apart in every language", () => {
  assert.deepEqual(coloured("c", '#include <stdio.h>\nint x = 0x1F; // "no"\n/* a\nb */ return \'\\\'\';'), [["macro:#include <stdio.h>"], ["type:int", "number:0x1F", 'comment:// "no"'], ["comment:/* a"], ["comment:b */", "keyword:return", "string:'\\''"]]);
  assert.deepEqual(coloured("cpp", 'auto s = R"x(a)"\n)x" + 1;'), [["keyword:auto", 'string:R"x(a)"'], ['string:)x"', "number:1"]]);
  assert.deepEqual(coloured("rust", "/* a /* b */ c */ let x: &'a str = r#\"a\"b\"#;\nlet c = 'x'; vec![1..2]"), [["comment:/* a /* b */ c */", "keyword:let", "type:'a", "type:str", 'string:r#"a"b"#'], ["keyword:let", "string:'x'", "macro:vec!", "number:1", "number:2"]]);
  assert.deepEqual(coloured("python", 'def f():\n  """a\n  b""" # c\n  return f"d" + \'e\\\''), [["keyword:def"], ['string:"""a'], ['string:  b"""', "comment:# c"], ["keyword:return", 'string:f"d"', "string:'e\\'"]]);
  assert.deepEqual(coloured("javascript", "const a = `b\nc` + 1_000n;"), [["keyword:const", "string:`b"], ["string:c`", "number:1_000n"]]);
  assert.deepEqual(coloured("java", 'String s = """\n "a" \\"""\n""";'), [["type:String", 'string:"""'], ['string: "a" \\"""'], ['string:"""']]);
  assert.deepEqual(coloured("go", "var r = `a\n` // b"), [["keyword:var", "string:`a"], ["string:`", "comment:// b"]]);
  assert.deepEqual(coloured("wat", "(func $f (param i32) (; a (; b ;) ;) i32.const 1) ;; c"), [["keyword:func", "type:$f", "keyword:param", "type:i32", "comment:(; a (; b ;) ;)", "keyword:i32.const", "number:1", "comment:;; c"]]);
  assert.equal(syntaxOf("a.h", "cpp"), SYNTAX.cpp);
  assert.equal(syntaxOf("notes.txt", "c"), null);
});

test("whatever is written, every letter of it is painted once", () => {
  let seed = 7;
  const next = (below) => { seed = (Math.imul(seed, 1103515245) + 12345) >>> 0; return (seed >>> 8) % below; };
  const bits = ["\"", "'", "`", "\\", "/*", "*/", "//", "#", "(;", ";)", "r#\"", "R\"(", "a", "if", "1.5", " ", "é", "😀", "\t", "@", "!", "{", "\u0000"];
  for (const language of Object.keys(SYNTAX)) {
    for (let n = 0; n < 300; n += 1) coloured(language, Array.from({ length: 1 + next(3) }, () => Array.from({ length: next(20) }, () => bits[next(bits.length)]).join("")).join("\n"));
  }
});

test("a text that is edited is coloured as one that was always so", () => {
  const lines = new Lines(SYNTAX.c);
  const whole = (text) => { const fresh = new Lines(SYNTAX.c); fresh.set(text); return fresh.pieces(0, fresh.length); };
  for (const text of ["int a;\nint b;\nint c;", "int a; /*\nint b;\nint c;", "int a; /*\nint b; */\nint c;", "x", "int a;\n/*\n*/ int b;\n/* c"]) {
    lines.set(text);
    assert.deepEqual(lines.pieces(1, lines.length), whole(text).slice(1));
    assert.deepEqual(lines.pieces(0, 2), whole(text).slice(0, 2));
  }
});

test("output is kept in its order, up to a bound, and the older is cut", () => {
  const log = new Log();
  log.add("stdout", "a");
  log.add("stderr", "b");
  log.add("stdout", "c");
  log.add("typed", "d\n");
  log.whole({ stdout: "ace", stderr: "b" });
  assert.deepEqual(log.parts.map(({ kind, text }) => `${kind} ${text}`), ["stdout a", "stderr b", "stdout c", "typed d\n", "stdout e"]);
  log.whole({ stdout: "new", stderr: "" });
  assert.deepEqual(log.parts, [{ kind: "stdout", text: "new" }]);
  const era = log.era;
  for (let n = 0; n < 100; n += 1) { log.add("stdout", "x".repeat(SHOWN_MAX / 8)); log.add("stderr", "!"); }
  const size = (kind) => log.parts.filter((part) => part.kind === kind).reduce((sum, { text }) => sum + text.length, 0);
  assert.deepEqual([size("stdout"), size("stderr"), log.cut, log.era > era], [SHOWN_MAX, 100, true, true]);
});

test("what a program writes cannot hide, ring or turn a line around", () => {
  assert.equal(printable("a\u001b[31m\u0007\r\nb\tc\u202e"), "a␛[31m␇\nb\tc\ufffd");
});

test("figures are told as people read them", () => {
  assert.deepEqual([1.25, 12.4, 999, 1240].map(inMs), ["1.3 ms", "12 ms", "999 ms", "1.24 s"]);
  assert.deepEqual([12, 4096, 3_400_000].map(inBytes), ["12 B", "4 KiB", "3.2 MiB"]);
  assert.deepEqual([{ exit_code: 3 }, { signal: 11 }, { signal: 40 }, {}].map(exitOf), ["3", "SIGSEGV", "signal 40", "–"]);
  assert.equal(standing({ phase: "queued" }, { position: 3, waiting: 7 }), "Waits: number 3 of 7 in the queue.");
  const failed = { phase: "judged", verdict: "wrong_answer", message: null, tests: 2, score: 1, max_score: 2, cases: [{ name: "2", verdict: "wrong_answer", message: "read 4" }] };
  assert.equal(standing(failed), "Wrong answer, 1 of 2 points. Test 2: read 4.");
});
