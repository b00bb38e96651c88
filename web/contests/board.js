// A contest as it is known here: changes are taken in, rows are sorted and placed as the server does (docs/contests.md).

/** `later` put into `known`, by what `key` says of each. */
function merged(known, later, key) {
  const all = new Map(known.map((one) => [key(one), one]));
  for (const one of later) all.set(key(one), one);
  return [...all.values()];
}

/** `view` after `change`: what it names replaces what was there, and the rest stays. */
export function taken(view, change) {
  const { board = [], truly, gone = [], submissions = [], clarifications = [], ...rest } = change;
  const away = new Set(gone);
  const rows = (known, later) => sorted(merged(known.filter(({ team }) => !away.has(team)), later, ({ team }) => team));
  const next = { ...view, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) };
  next.board = rows(view.board, board);
  if (view.truly) next.truly = rows(view.truly, truly ?? []);
  next.submissions = merged(view.submissions, submissions, ({ id }) => id).sort((a, b) => b.number - a.number);
  next.clarifications = merged(view.clarifications, clarifications, ({ id }) => id);
  return next;
}

/** By score, then penalty, then when it was reached. */
const compare = (a, b) => b.score - a.score || a.penalty - b.penalty || a.last_ms - b.last_ms;

/** Rows from the best to the last; equals stand in the order in which they registered. */
export const sorted = (rows) => [...rows].sort((a, b) => compare(a, b) || a.team - b.team);

/** Sorted rows, each with its place; equals share one. */
export function placed(rows) {
  let place = 0;
  return sorted(rows).map((row, at, all) => {
    if (!at || compare(all[at - 1], row)) place = at + 1;
    return { place, row };
  });
}

/** By letter, the number of the team that solved it first. */
export function firsts(rows) {
  const first = new Map();
  for (const { team, cells } of rows) {
    for (const [letter, { score, at_ms }] of Object.entries(cells)) {
      if (score && at_ms !== null && at_ms < (first.get(letter)?.at_ms ?? Infinity)) first.set(letter, { team, at_ms });
    }
  }
  return new Map([...first].map(([letter, { team }]) => [letter, team]));
}

/** What a cell shows, in short, and in words for those who do not see its colour. */
export function cellIn(cell, scoring, points) {
  if (!cell || (!cell.tries && !cell.pending && !cell.score)) return { kind: "none", short: "", long: "not tried" };
  const minutes = cell.at_ms === null ? 0 : Math.floor(cell.at_ms / 60_000);
  const pending = cell.pending ? `, ${cell.pending} not known yet` : "";
  if (scoring === "points") {
    const kind = cell.pending ? "pending" : cell.score >= points ? "solved" : cell.score ? "part" : "wrong";
    return { kind, short: cell.pending ? `${cell.score} +${cell.pending}?` : String(cell.score), long: `${cell.score} points in ${tries(cell.tries)}${pending}` };
  }
  if (cell.score) return { kind: "solved", short: cell.tries > 1 ? `+${cell.tries - 1}` : "+", minutes, long: `solved after ${minutes} minutes in ${tries(cell.tries)}` };
  if (cell.pending) return { kind: "pending", short: `${cell.tries ? `−${cell.tries} ` : ""}?${cell.pending > 1 ? cell.pending : ""}`, long: `${tries(cell.tries)} wrong${pending}` };
  return { kind: "wrong", short: `−${cell.tries}`, long: `${tries(cell.tries)}, none right` };
}

export const tries = (n) => `${n} ${n === 1 ? "try" : "tries"}`;

const VERDICTS = { accepted: "accepted", wrong_answer: "wrong answer", time_limit: "too slow (processor time)", wall_limit: "too slow (waiting)", memory_limit: "too much memory", output_limit: "too much output", process_limit: "too many processes", runtime_error: "runtime error", compile_error: "does not compile", security_violation: "forbidden system call", internal_error: "could not be judged", cancelled: "taken back" };

/** A verdict in words. */
export const verdict = (one) => (one ? VERDICTS[one] ?? one : "being judged");

/** `ms` as hours, minutes and seconds. */
export function clock(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const [d, h, m] = [Math.floor(s / 86_400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  return `${d ? `${d} d ` : ""}${d || h ? `${h}:${two(m)}` : m}:${two(s % 60)}`;
}

/** The next moment of a contest, in words and as a time. */
export function moment(view) {
  if (view.phase === "scheduled") return ["Begins in", view.starts_at];
  if (view.phase === "running") return ["Ends in", view.ends_at];
  return null;
}
