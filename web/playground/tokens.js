// Cuts a line into coloured pieces by a language's rules (syntax.js). What goes on over lines is handed from one to
// the next as a state: null, or `{ kind, close, escape, nest, depth }` of what is open.

const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/uy;

/** By syntax: its rules made ready, once. */
const ready = new WeakMap();

function rulesOf(syntax) {
  let made = ready.get(syntax);
  if (!made) {
    const rules = syntax.rules.map((rule) => (Array.isArray(rule)
      ? { kind: rule[0], like: new RegExp(rule[1], "uy") }
      : { ...rule, like: new RegExp(rule.open, "uy") }));
    const words = new Map(Object.entries(syntax.words).flatMap(([kind, list]) => list.map((word) => [word, kind])));
    made = { rules, words };
    ready.set(syntax, made);
  }
  return made;
}

const sticks = (pattern, line, at) => { pattern.lastIndex = at; return pattern.exec(line); };

/** Where what is open ends within `line`, looked for from `at`; and what is open then. */
function goOn(line, at, open) {
  let { depth } = open;
  while (at < line.length) {
    if (open.escape && line[at] === "\\") at += 2;
    else if (line.startsWith(open.close, at)) {
      at += open.close.length;
      depth -= 1;
      if (depth === 0) return [at, null];
    } else if (open.nest && line.startsWith(open.nest, at)) {
      at += open.nest.length;
      depth += 1;
    } else at += 1;
  }
  return [line.length, depth === open.depth ? open : { ...open, depth }];
}

/** The pieces of `line`, `[kind, text]` with an empty kind for what has no colour; and the state behind it. */
export function tokens(line, state, syntax) {
  if (!syntax) return [line ? [["", line]] : [], null];
  const { rules, words } = rulesOf(syntax);
  const pieces = [];
  const put = (kind, text) => {
    if (!text) return;
    if (pieces.length && pieces.at(-1)[0] === kind) pieces.at(-1)[1] += text;
    else pieces.push([kind, text]);
  };
  let at = 0;
  if (state) {
    const { kind } = state;
    [at, state] = goOn(line, 0, state);
    put(kind, line.slice(0, at));
  }
  while (at < line.length) {
    const from = at;
    let kind = "";
    let rule;
    let found = null;
    for (rule of rules) if ((found = sticks(rule.like, line, at)) && found[0]) break; else found = null;
    if (found) {
      kind = rule.kind;
      at += found[0].length;
      if (rule.close) {
        const close = rule.close.replace("$1", () => found[1] ?? "");
        [at, state] = goOn(line, at, { kind, close, escape: rule.escape, nest: rule.nest, depth: 1 });
      }
    } else if ((found = sticks(WORD, line, at))) {
      at += found[0].length;
      kind = words.get(found[0]) ?? "";
    } else at += line.codePointAt(at) > 0xffff ? 2 : 1;
    put(kind, line.slice(from, at));
  }
  return [pieces, state];
}

/** The lines of a text that is being edited, each with the state before it, which is worked out when it is needed. */
export class Lines {
  #lines = [""];
  #states = [null];
  #syntax;

  constructor(syntax = null) { this.#syntax = syntax; }

  get length() { return this.#lines.length; }

  /** Takes `text` for what there is now; what lies before the first line that differs is not looked at again. */
  set(text, syntax = this.#syntax) {
    const lines = text.split("\n");
    let same = 0;
    if (syntax === this.#syntax) while (same < lines.length && same < this.#lines.length && lines[same] === this.#lines[same]) same += 1;
    this.#lines = lines;
    this.#syntax = syntax;
    this.#states.length = Math.min(this.#states.length, same + 1);
  }

  /** The pieces of the lines from `from` up to, without, `to`. */
  pieces(from, to) {
    const last = Math.min(to, this.#lines.length);
    for (let n = this.#states.length - 1; n < Math.min(from, last); n += 1) this.#states[n + 1] = tokens(this.#lines[n], this.#states[n], this.#syntax)[1];
    const all = [];
    for (let n = from; n < last; n += 1) {
      const [pieces, state] = tokens(this.#lines[n], this.#states[n], this.#syntax);
      this.#states[n + 1] = state;
      all.push(pieces);
    }
    return all;
  }
}
