// The result of a job: where it stands, what it writes as it comes, the table of its tests. All that a program wrote
// is put in as text.

import { $, announce, el } from "../ui.js";
import { compiledAs, exitOf, inBytes, inMs, isOver, Log, printable, SHOWN_MAX, standing, taken, verdictOf } from "./job.js";

export class Result {
  view = null;
  #place = null;
  #log = new Log();
  #drawn = { era: 0, parts: 0, chars: 0 };
  #waits = false;
  #onPhase;

  /** `onPhase` is told whenever the job stands elsewhere. */
  constructor(onPhase) { this.#onPhase = onPhase; }

  /** Begins with a job of which nothing is known yet, or with none. */
  clear(said = "") {
    this.view = null;
    this.#place = null;
    this.#log.clear();
    this.#say(said);
    this.#draw();
  }

  whole(view) {
    const was = this.view?.phase;
    this.view = view;
    this.#log.whole(view);
    this.#soon();
    if (was !== view.phase) this.#moved();
  }

  change(change) {
    if (!this.view) return;
    const was = this.view.phase;
    if (change.restarted) {
      this.#log.clear();
      this.#log.add("note", `It was interrupted, and begins anew: attempt ${change.attempt}.\n`);
    }
    this.view = taken(this.view, change);
    this.#log.add("stdout", change.stdout);
    this.#log.add("stderr", change.stderr);
    this.#soon();
    if (was !== this.view.phase) this.#moved();
  }

  /** Its place in the queue, while it waits. */
  place(place) {
    this.#place = place;
    if (this.view?.phase === "queued") this.#say(standing(this.view, place));
  }

  /** Shows what was typed for it to read. */
  typed(text) {
    this.#log.add("typed", text);
    this.#soon();
  }

  #moved() {
    this.#onPhase(this.view);
    if (isOver(this.view)) announce(standing(this.view));
  }

  #say(text) {
    $("#status").textContent = text;
    const verdict = isOver(this.view) ? (this.view.verdict === "accepted" ? "good" : "bad") : "";
    $("#status").className = verdict;
  }

  #soon() {
    if (this.#waits) return;
    this.#waits = true;
    // A page that is not seen gets no frames.
    const draw = () => { if (this.#waits) { this.#waits = false; this.#draw(); } };
    requestAnimationFrame(draw);
    setTimeout(draw, 250);
  }

  #draw() {
    const { view } = this;
    if (view) this.#say(standing(view, this.#place));
    $("#compiled").textContent = (view && compiledAs(view)) ?? "";
    const said = printable(view?.compile?.output ?? "");
    if ($("#compiler").textContent !== said) $("#compiler").textContent = said;
    $("#compiler").hidden = said === "";
    this.#drawLog();
    $("#cases").hidden = !view?.tests;
    $("#log").hidden = Boolean(view?.tests);
    if (view?.tests) this.#drawCases();
  }

  #drawLog() {
    const screen = $("#screen");
    const atEnd = screen.scrollTop + screen.clientHeight >= screen.scrollHeight - 8;
    const { era, parts } = this.#log;
    const drawn = this.#drawn;
    if (drawn.era !== era) {
      $("#log").replaceChildren();
      Object.assign(drawn, { era, parts: 0, chars: 0 });
    }
    // The last part that was drawn may have grown.
    if (drawn.parts) {
      const text = parts[drawn.parts - 1].text.slice(drawn.chars);
      if (text) $("#log").lastElementChild.append(printable(text));
    }
    $("#log").append(...parts.slice(drawn.parts).map(({ kind, text }) => el("span", { class: kind }, printable(text))));
    Object.assign(drawn, { parts: parts.length, chars: parts.at(-1)?.text.length ?? 0 });
    const full = this.view && ["stdout", "stderr"].some((kind) => new TextEncoder().encode(this.view[kind]).length >= SHOWN_MAX - 4);
    $("#note").textContent = this.#log.cut ? "Older output was cut off." : full ? "Of each stream the first 64 KiB are shown." : "";
    if (atEnd) screen.scrollTop = screen.scrollHeight;
  }

  #drawCases() {
    const { view } = this;
    const body = $("#cases tbody");
    if (body.dataset.of !== `${view.id} ${view.attempt}`) {
      body.dataset.of = `${view.id} ${view.attempt}`;
      body.replaceChildren(...Array.from({ length: view.tests }, (_, n) => el("tr", { class: "waits" }, el("th", { scope: "row" }, String(n + 1)), el("td", { class: "verdict" }, "…"), ...Array.from({ length: 6 }, () => el("td")))));
    }
    view.cases.forEach((one, n) => {
      const old = body.rows[n];
      if (old?.classList.contains("waits")) old.replaceWith(caseRow(one));
    });
    for (const row of body.querySelectorAll(".waits .verdict")) row.textContent = isOver(view) ? "not run" : "…";
  }
}

function caseRow(one) {
  const good = one.verdict === "accepted";
  const wrote = [["Output", one.stdout], ["Standard error", one.stderr]].filter(([, text]) => text);
  return el("tr", { class: good ? "good" : "bad" },
    el("th", { scope: "row" }, one.name),
    el("td", { class: "verdict" }, `${good ? "✓" : "✗"} ${verdictOf(one.verdict)}`),
    el("td", {}, String(one.points)), el("td", {}, inMs(one.cpu_ms)), el("td", {}, inMs(one.wall_ms)), el("td", {}, inBytes(one.peak_memory_bytes)), el("td", {}, exitOf(one)),
    el("td", { class: "said" }, printable(one.message ?? ""), wrote.length > 0 && el("details", {}, el("summary", {}, "What it wrote"), ...wrote.flatMap(([name, text]) => [el("h3", {}, name), el("pre", {}, printable(text))]))));
}
