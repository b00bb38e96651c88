// A job as the page keeps it: what its channel says of it is taken in, what it wrote is kept up to a bound, and all of
// it is put into words.

/** How much is shown of what a program writes, of each stream, in characters: as much as the server keeps in bytes. */
export const SHOWN_MAX = 64 * 1024;

/** `view` once `change` is taken in: lists and texts go on behind what was there, the rest is replaced. */
export function taken(view, { restarted = false, cases = [], stdout = "", stderr = "", ...rest }) {
  const base = restarted ? { ...view, verdict: null, message: null, score: 0, compile: null, cases: [], stdout: "", stderr: "", tier: null, ended_at: null } : view;
  return { ...base, ...rest, cases: [...base.cases, ...cases], stdout: base.stdout + stdout, stderr: base.stderr + stderr };
}

export const isOver = (view) => view?.phase === "judged";

/** What was written, in the order in which it came: `parts` of a `kind` each (`stdout`, `stderr`, `typed`, `note`). */
export class Log {
  parts = [];
  /** What came of each stream, the newest `SHOWN_MAX` characters of it. */
  #kept = { stdout: "", stderr: "" };
  #sizes = {};
  /** True if older output was cut off. */
  cut = false;
  /** Raised whenever more changed than that something was added at the end. */
  era = 0;

  add(kind, text) {
    if (!text) return;
    const last = this.parts.at(-1);
    if (last?.kind === kind) last.text += text;
    else this.parts.push({ kind, text });
    if (kind in this.#kept) this.#kept[kind] = (this.#kept[kind] + text).slice(-SHOWN_MAX);
    this.#sizes[kind] = (this.#sizes[kind] ?? 0) + text.length;
    if (this.#sizes[kind] > SHOWN_MAX) this.#trim(kind);
  }

  /** Takes in the whole of both streams: what is known already stays where it is. */
  whole(view) {
    const streams = ["stdout", "stderr"];
    if (!streams.every((kind) => view[kind].startsWith(this.#kept[kind]))) this.clear();
    for (const kind of streams) this.add(kind, view[kind].slice(this.#kept[kind].length));
  }

  clear() {
    Object.assign(this, { parts: [], cut: false, era: this.era + 1 });
    this.#kept = { stdout: "", stderr: "" };
    this.#sizes = {};
  }

  #trim(kind) {
    let over = this.#sizes[kind] - SHOWN_MAX;
    this.#sizes[kind] = SHOWN_MAX;
    for (const part of this.parts) {
      if (over <= 0) break;
      if (part.kind !== kind) continue;
      const gone = Math.min(over, part.text.length);
      part.text = part.text.slice(gone);
      over -= gone;
    }
    this.parts = this.parts.filter((part) => part.text);
    this.cut = true;
    this.era += 1;
  }
}

/** `text` with what cannot be seen, or turns the line around, made visible. */
export const printable = (text) => text
  .replace(/\r\n/g, "\n")
  // eslint-disable-next-line no-control-regex
  .replace(/[\u0000-\u0008\u000b-\u001f]/g, (sign) => String.fromCharCode(0x2400 + sign.charCodeAt(0)))
  .replace(/\u007f/g, "\u2421")
  .replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");

/** Every verdict: in words, and what it means. */
export const VERDICTS = {
  accepted: ["Accepted", "The answer is right."],
  wrong_answer: ["Wrong answer", "It ended well, and the checker said no."],
  time_limit: ["Time limit", "It used all the processor time that it may."],
  wall_limit: ["Wall limit", "It was still there when its time on the clock was over."],
  memory_limit: ["Memory limit", "It wanted more memory than it may use."],
  output_limit: ["Output limit", "It wrote more than it may."],
  process_limit: ["Process limit", "It wanted more processes than it may have."],
  runtime_error: ["Runtime error", "It ended with another status than 0, or by a signal."],
  compile_error: ["Compile error", "It could not be compiled."],
  security_violation: ["Security violation", "It tried what no program needs."],
  internal_error: ["Internal error", "The judge failed, not the program."],
  cancelled: ["Cancelled", "It was called off."],
};

const SIGNALS = { 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM", 24: "SIGXCPU", 25: "SIGXFSZ", 31: "SIGSYS" };

/** The verdict in words; of a run without tests, that it ended well. */
export const verdictOf = (verdict, tests = 1) => (verdict === "accepted" && tests === 0 ? "Ended well" : VERDICTS[verdict]?.[0] ?? verdict);

export const inMs = (ms) => (ms < 1000 ? `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`);

export const inBytes = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`);

/** How it ended by itself, or what ended it. */
export function exitOf({ exit_code: code = null, signal = null }) {
  if (signal !== null) return SIGNALS[signal] ?? `signal ${signal}`;
  return code === null ? "–" : String(code);
}

const usage = (ran) => `processor ${inMs(ran.cpu_ms)}, clock ${inMs(ran.wall_ms)}, memory ${inBytes(ran.peak_memory_bytes)}`;

/** Where the job stands, in a sentence or two. */
export function standing(view, place = null) {
  if (view.phase === "queued") return place?.position ? `Waits: number ${place.position} of ${place.waiting} in the queue.` : "Waits for its turn.";
  if (view.phase === "compiling") return "Compiling …";
  if (view.phase === "running") return view.tests ? `Running test ${Math.min(view.cases.length + 1, view.tests)} of ${view.tests} …` : "Running …";
  if (view.phase !== "judged") return "There is no such job.";
  const parts = [verdictOf(view.verdict, view.tests)];
  if (view.tests) parts.push(`${view.score} of ${view.max_score} points`);
  else if (view.cases[0]) parts.push(`exit ${exitOf(view.cases[0])}`, usage(view.cases[0]));
  return `${parts.join(", ")}.${said(view)}`;
}

/** What there is to say of the end, as a sentence behind the verdict. */
function said({ message, cases, tests, verdict }) {
  const failed = cases.find((one) => one.verdict !== "accepted" && one.message);
  const text = message ?? (failed && (tests ? `test ${failed.name}: ${failed.message}` : failed.message)) ?? (verdict === "accepted" ? "" : VERDICTS[verdict]?.[1] ?? "");
  const line = printable(text).trim();
  return line && ` ${line.charAt(0).toUpperCase()}${line.slice(1)}${/[.!?]$/.test(line) ? "" : "."}`;
}

/** What the compiler did, in a line; null where there was none. */
export function compiledAs({ compile }) {
  if (!compile) return null;
  if (compile.cached) return "Compiled before.";
  return `${compile.verdict === "accepted" ? "Compiled" : "Not compiled"}: ${usage(compile)}.`;
}
