// The organizer's desk: movies, screens, the schedule with its conflicts, and live sales.

import { all, post, remove } from "./api.js";
import { Live } from "./live.js";
import { $, el, isoDay, sentence, start, submitting, time, toast } from "./ui.js";

const MINUTE = 60_000;
/** How many of a day's showings are followed live; the rest is as it was when the page was read. */
const FOLLOWED = 60;
const KINDS = ["standard", "premium", "accessible", "companion"];
let movies = [];
let screens = [];
let showings = [];
let live = null;

/** Reads one line of the row editor, or throws what is wrong with it. */
function rowOf(line) {
  const [row, seats, kind = "standard", ...rest] = line.trim().split(/\s+/);
  const spec = { row, seats: Number(seats), kind, gaps: [], kinds: {} };
  if (!/^[A-Z]{1,3}$/.test(row) || !(spec.seats > 0)) throw new Error(`'${line.trim()}' is not like 'A 12 standard'`);
  if (!KINDS.includes(kind)) throw new Error(`'${kind}' is no kind of seat`);
  for (const word of rest) {
    const [number, other] = word.split("=");
    if (word === "aisle") continue;
    if (other) spec.kinds[number] = other;
    else spec.gaps.push(Number(number));
  }
  return spec;
}

const rowsOf = (text) => text.split("\n").filter((line) => line.trim()).map(rowOf);

function preview() {
  const root = $("#preview");
  try {
    root.replaceChildren(...rowsOf($("#screen").elements.rows.value).map((row) => {
      const line = el("div", { class: "seat-row" });
      for (let n = 1; n <= Math.min(row.seats, 60); n += 1) {
        const seat = el("i", { class: `seat ${row.kinds[n] || row.kind} free` });
        seat.style.gridColumn = String(n + row.gaps.filter((gap) => gap < n).length);
        line.append(seat);
      }
      return line;
    }));
  } catch (error) { root.replaceChildren(el("p", {}, error.message)); }
}

function slot() {
  const form = $("#show").elements;
  const movie = movies.find((m) => m.id === form.movie_id.value);
  const screen = screens.find((s) => s.id === form.screen_id.value);
  const at = Date.parse(form.starts_at.value);
  if (!movie || !screen || Number.isNaN(at)) return null;
  return { screen, from: at, to: at + (movie.minutes + screen.cleaning_minutes) * MINUTE };
}

function clashes() {
  const own = slot();
  const clash = own && showings.find((s) => s.screen_id === own.screen.id && Date.parse(s.starts_at) < own.to
    && own.from < Date.parse(s.ends_at) + own.screen.cleaning_minutes * MINUTE);
  $("#clash").textContent = clash ? `Overlaps ${clash.movie_title} at ${time(clash.starts_at)}, cleaning included.` : "";
  return Boolean(clash);
}

function schedule() {
  const start = new Date(`${$("#day").value}T00:00`).getTime();
  const place = (bar, from, to) => {
    bar.style.insetInlineStart = `${Math.max(0, (100 * (from - start)) / (24 * 60 * MINUTE))}%`;
    bar.style.inlineSize = `${Math.max(0.5, (100 * (to - from)) / (24 * 60 * MINUTE))}%`;
    return bar;
  };
  const own = slot();
  const clash = clashes();
  $("#schedule").replaceChildren(
    el("div", { class: "hours", "aria-hidden": "true" }, ...[0, 6, 12, 18].map((h) => el("span", {}, `${h}:00`))),
    ...screens.map((screen) => {
      const bars = showings.filter((s) => s.screen_id === screen.id).flatMap((s) => {
        const [from, to] = [Date.parse(s.starts_at), Date.parse(s.ends_at)];
        return [place(el("a", { class: "slot", href: `/showings/${s.id}`, title: `${s.movie_title}, ${time(s.starts_at)} to ${time(s.ends_at)}` }, `${time(s.starts_at)} ${s.movie_title}`), from, to),
          place(el("i", { class: "slot cleaning", title: "cleaning" }), to, to + screen.cleaning_minutes * MINUTE)];
      });
      if (own?.screen.id === screen.id) bars.push(place(el("i", { class: `slot ghost${clash ? " clash" : ""}` }), own.from, own.to));
      return el("div", { class: "lane" }, el("span", { class: "lane-name" }, `${screen.theater}, ${screen.name}`), el("div", { class: "track" }, ...bars));
    }));
}

function prices() {
  const screen = screens.find((s) => s.id === $("#show").elements.screen_id.value);
  const kinds = screen ? KINDS.filter((kind) => screen.rows.some((row) => row.kind === kind || Object.values(row.kinds).includes(kind))) : [];
  $("#prices").replaceChildren(...kinds.map((kind) => el("label", {}, `${kind} `, el("input", { name: `price-${kind}`, value: kind === "premium" ? "13.50" : "9.50", inputmode: "decimal", size: 6, required: true, pattern: "[0-9]+([.][0-9]{1,2})?", title: "An amount as in 9.50" }))));
}

function sales() {
  const row = (s) => el("tr", { id: `sales-${s.id}` }, el("td", {}, el("a", { href: `/showings/${s.id}` }, s.movie_title)), el("td", {}, `${time(s.starts_at)}, ${s.screen_name}`),
    ...["free", "held", "sold", "blocked"].map((state) => el("td", { class: state }, String(s.seats[state]))));
  $("#sales").replaceChildren(showings.length ? el("table", {}, el("thead", {}, el("tr", {}, ...["Movie", "When", "Free", "Held", "Sold", "Blocked"].map((h) => el("th", { scope: "col" }, h)))), el("tbody", {}, ...showings.map(row))) : el("p", {}, "Nothing is on that day."));
  const select = $("#blocks").elements.showing;
  const kept = select.value;
  select.replaceChildren(...showings.map((s) => el("option", { value: s.id }, `${time(s.starts_at)} ${s.movie_title}, ${s.screen_name}`)));
  if (kept) select.value = kept;
  live ??= new Live();
  live.only(new Map(showings.slice(0, FOLLOWED).map(({ id }) => {
    const show = (totals) => { for (const state of ["free", "held", "sold", "blocked"]) { const cell = document.querySelector(`#sales-${CSS.escape(id)} .${state}`); if (cell) cell.textContent = totals[state]; } };
    return [`showing:${id}`, { view: (view) => show(view.seats), change: (change) => show(change.totals) }];
  })));
}

async function read() {
  const from = new Date(`${$("#day").value}T00:00`);
  const query = new URLSearchParams({ from: from.toISOString(), to: new Date(from.getTime() + 24 * 60 * MINUTE).toISOString() });
  [movies, screens, showings] = await Promise.all([all("/api/movies"), all("/api/screens"), all(`/api/showings?${query}`)]);
  const form = $("#show").elements;
  const options = (select, list, name) => { const kept = select.value; select.replaceChildren(...list.map((x) => el("option", { value: x.id }, name(x)))); if (kept) select.value = kept; };
  options(form.movie_id, movies, (m) => `${m.title} (${m.minutes} min)`);
  options(form.screen_id, screens, (s) => `${s.theater}, ${s.name}`);
  if (!$("#prices").children.length) prices();
  schedule();
  sales();
}

async function main() {
  const account = await start();
  if (!account) { location.replace("/login?next=/organizer"); return; }
  if (account.role === "user") { $("#who").textContent = "This page is for organizers. Ask an administrator to make you one."; return; }
  $("#who").textContent = `You are ${account.username}, ${account.role === "admin" ? "an administrator" : "an organizer"}.`;
  $("#desk").hidden = false;
  $("#day").value = isoDay(new Date());
  $("#screen").elements.rows.value = "A 10 standard aisle 5 1=accessible 2=companion\nB 12 standard aisle 6\nC 12 premium aisle 6";
  preview();
  await read().catch((problem) => toast(sentence(problem.message), "error"));
  $("#day").addEventListener("change", () => read());
  $("#screen").elements.rows.addEventListener("input", preview);
  $("#show").addEventListener("input", (event) => { if (event.target.name === "screen_id") prices(); if (event.target.name === "starts_at" && event.target.value) { const day = event.target.value.slice(0, 10); if (day !== $("#day").value) { $("#day").value = day; read(); } } schedule(); });
  const done = async (text) => { toast(text); await read(); };
  const given = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
  $("#movie").addEventListener("submit", (event) => { event.preventDefault(); submitting(event.target, async (values) => { await post("/api/movies", { ...given(values), minutes: Number(values.minutes) }); event.target.reset(); await done("The movie was added."); }); });
  $("#screen").addEventListener("submit", (event) => { event.preventDefault(); submitting(event.target, async (values) => { await post("/api/screens", { name: values.name, theater: values.theater, cleaning_minutes: Number(values.cleaning_minutes), rows: rowsOf(values.rows) }); await done("The screen was added."); }); });
  $("#blocks").addEventListener("submit", (event) => { event.preventDefault(); const block = event.submitter?.value !== "free"; submitting(event.target, async ({ showing, seats: text, reason }) => {
    const seats = text.toUpperCase().split(/[\s,]+/).filter(Boolean);
    const path = `/api/showings/${showing}/blocks`;
    if (block) await post(path, { seats, reason });
    else await remove(path, { seats });
    toast(block ? `Off sale: ${seats.join(", ")}` : `On sale: ${seats.join(", ")}`);
  }); });
  $("#show").addEventListener("submit", (event) => { event.preventDefault(); submitting(event.target, async (values) => {
    const priced = Object.entries(values).filter(([name]) => name.startsWith("price-")).map(([name, value]) => [name.slice(6), value]);
    await post("/api/showings", { movie_id: values.movie_id, screen_id: values.screen_id, starts_at: new Date(values.starts_at).toISOString(), prices: Object.fromEntries(priced) });
    await done("The showing is on sale.");
  }); });
}

main();
