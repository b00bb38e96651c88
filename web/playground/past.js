// One's earlier programs, the newest first, a page at a time.

import { get } from "../api.js";
import { $, el, say, stamp } from "../ui.js";
import { verdictOf } from "./job.js";

/** How many are shown at a time. */
const PAGE = 10;

/** How many are listed at most. */
const ROWS_MAX = 200;

export class Past {
  #rows = [];
  #next = null;
  /** True once more than the first page was asked for. */
  #further = false;
  #shown = null;
  #onOpen;

  /** `onOpen` is told whose program is to be opened again. */
  constructor(onOpen) {
    this.#onOpen = onOpen;
    $("#more").addEventListener("click", () => this.#more().catch(say));
  }

  /** Reads the newest anew; those that were asked for further down stay. */
  async read() {
    const page = await get(`/api/jobs?limit=${PAGE}`);
    const fresh = new Set(page.items.map(({ id }) => id));
    if (!this.#further) this.#next = page.next;
    this.#rows = [...page.items, ...this.#rows.filter(({ id }) => this.#further && !fresh.has(id))].slice(0, ROWS_MAX);
    this.#draw();
  }

  /** Marks the one that is shown. */
  show(id) {
    this.#shown = id;
    this.#draw();
  }

  async #more() {
    const page = await get(`/api/jobs?limit=${PAGE}&cursor=${encodeURIComponent(this.#next)}`);
    const known = new Set(this.#rows.map(({ id }) => id));
    const first = page.items.find(({ id }) => !known.has(id));
    this.#rows.push(...page.items.filter(({ id }) => !known.has(id)));
    [this.#next, this.#further] = [page.next, true];
    this.#draw();
    $(`#jobs [data-job="${CSS.escape(first?.id ?? "")}"] button`)?.focus();
  }

  #draw() {
    const focused = document.activeElement?.closest?.("[data-job]")?.dataset.job;
    $("#jobs").replaceChildren(...this.#rows.map((row) => this.#row(row)));
    $("#no-jobs").textContent = this.#rows.length ? "" : "None yet.";
    $("#more").hidden = !this.#next || this.#rows.length >= ROWS_MAX;
    if (focused) $(`#jobs [data-job="${CSS.escape(focused)}"] button`)?.focus();
  }

  #row({ id, language, phase, verdict, score, max_score: most, created_at: at }) {
    const end = verdict ? `${verdictOf(verdict, most)}${most ? `, ${score} of ${most} points` : ""}` : phase;
    return el("li", { "data-job": id, "aria-current": id === this.#shown ? "true" : null },
      el("span", {}, `${language}: ${end}`), el("small", {}, stamp(at)),
      el("button", { type: "button", class: "quiet", "aria-label": `Open the ${language} program of ${stamp(at)}`, onclick: () => this.#onOpen(id) }, "Open"));
  }
}
