// The board for the projector: as everybody sees it, with the freeze; and, for whoever presides, the reveal by keys.
// It shows nothing that is hidden, whoever is logged in.

import { askAs, me, now, post } from "./api.js";
import { clock, moment, placed, taken } from "./contests/board.js";
import { ranks } from "./contests/table.js";
import { Live } from "./live.js";
import { $, announce, el, say, sentence } from "./ui.js";

const id = location.pathname.split("/")[2];
const path = `/api/contests/${encodeURIComponent(id)}`;

/** How long a row takes to its new place, in ms. 1.2 s: slow enough to follow from the last row. */
const MOVE_MS = 1200;

let view = null;
let presides = false;
/** True while a step is asked for. */
let busy = false;

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const nameOf = (team) => view.board.find((row) => row.team === team)?.name ?? "";

function tick() {
  if (!view) return;
  const next = moment(view);
  const left = next ? Date.parse(next[1]) - now() : 0;
  $("#clock").textContent = next ? `${next[0]} ${clock(left)}` : "Over";
  $("#clock").classList.toggle("short", view.phase === "running" && left < 300_000);
}

/** Where each row is now. */
function places() {
  return new Map([...document.querySelectorAll("#board tbody tr")].map((row) => [row.dataset.team, row.getBoundingClientRect().top]));
}

/** Lets each row go from where it was to where it is. */
function move(before) {
  if (calm.matches) return;
  for (const row of document.querySelectorAll("#board tbody tr")) {
    const was = before.get(row.dataset.team);
    const by = was === undefined ? 0 : was - row.getBoundingClientRect().top;
    if (!by) continue;
    // Whoever climbs goes over the others.
    row.style.position = "relative";
    row.style.zIndex = by > 0 ? "2" : "1";
    row.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: MOVE_MS, easing: "ease-in-out" }).finished.finally(() => { row.style.zIndex = ""; row.style.position = ""; });
  }
}

function draw(last) {
  document.title = `${view.title}, board – Playhouse`;
  $("#title").textContent = view.title;
  $("#state").textContent = view.frozen ? "frozen" : { scheduled: "not begun", running: "live", over: view.revealed ? "final" : "over" }[view.phase];
  const before = places();
  const scroll = $("#board").scrollLeft;
  $("#board").replaceChildren(ranks(view, view.board));
  $("#board").scrollLeft = scroll;
  move(before);
  const shown = last && view.last_shown && (last.last_shown?.team !== view.last_shown.team || last.last_shown?.problem !== view.last_shown.problem) ? view.last_shown : null;
  if (shown) point(shown);
  $("#remote").hidden = !presides || view.phase !== "over" || !view.frozen;
  tick();
}

/** Points at what a step showed, and says it. */
function point({ team, problem }) {
  const row = $(`#board tr[data-team="${team}"]`);
  row?.classList.add("shown");
  $(`td[data-problem="${problem}"]`, row)?.classList.add("shown");
  row?.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
  const { place, row: { cells } } = placed(view.board).find((one) => one.row.team === team);
  announce(`${nameOf(team)}, problem ${problem}: ${cells[problem]?.score ? "solved" : "not solved"}, place ${place}.`);
}

async function step(what) {
  if (busy || $("#remote").hidden) return;
  busy = true;
  try { await post(`${path}/reveal`, { what }); } catch (problem) { say(problem); } finally { busy = false; }
}

function remote() {
  const button = (text, what, kind) => el("button", { type: "button", class: kind, onclick: () => step(what) }, text);
  $("#remote").replaceChildren(button("Next (space)", "step", null), button("Reveal everything", "all", "quiet"));
  addEventListener("keydown", (event) => {
    if (event.target.closest?.("button, a, input") || ![" ", "ArrowRight", "PageDown"].includes(event.key) || $("#remote").hidden) return;
    event.preventDefault();
    step("step");
  });
}

async function main() {
  const account = await me();
  // Without a token: what is not for everybody is not even sent to this page.
  const live = new Live((state) => { $("#connection").textContent = state; $("#connection").className = `badge ${state}`; $("#connection").hidden = state === "live"; }, async () => null);
  try { view = await askAs(null, "GET", path); } catch (problem) { $("#title").textContent = sentence(problem.message); return; }
  presides = account?.role === "admin" || (account && account.id === view.organizer);
  remote();
  draw(null);
  const take = (next) => { const last = view; view = next; draw(last); };
  live.subscribe(`contest:${id}`, { view: (whole) => take({ ...view, ...whole }), change: (change) => take(taken(view, change)) });
  setInterval(tick, 500);
}

main().catch(say);
