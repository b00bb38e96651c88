// One room through time: a slider over its records, what was seen with each, and what it changed.

import { get } from "./api.js";
import { bytes, decimal } from "./figures.js";
import { SeatMap } from "./seatmap.js";
import { changes, inWords, tree } from "./tree.js";
import { $, announce, el, stamp } from "./ui.js";

/** How long the slider must rest before the room is looked at, in milliseconds. */
const REST = 120;

/** How many views are kept, so that a step back is at once. */
const KEPT = 40;

/** How many records are read at once. */
const PAGE = 50;

const SEAT_WORDS = { free: "free", held: "on hold", sold: "sold", blocked: "not on sale" };

let room = null;
let oldest = 0;
let newest = 0;
let at = 0;
let views = new Map();
let pages = new Map();
let timer = null;
/** Which wish an answer belongs to: only the newest one's is shown. */
let wish = 0;
let onMove = () => {};
/** The seats as they are drawn, so that the same map is changed and not made anew. */
let drawn = null;

const map = new SeatMap($("#seats"), () => {}, (seat) => onSeat(seat));
let onSeat = () => {};

const path = () => `/api/admin/rooms/${encodeURIComponent(room)}`;

/** What the room was with `record`; what was asked for before comes from memory. */
function viewAt(record) {
  const kept = views.get(record);
  if (kept) return kept;
  const asked = record === 0 ? Promise.resolve({ view: null, at: null }) : get(`${path()}/at/${record}`);
  views.set(record, asked);
  asked.catch(() => views.delete(record));
  if (views.size > KEPT) views.delete(views.keys().next().value);
  return asked;
}

/** The records of the page that `record` is on. The last page may grow, and is read anew. */
async function recordsAt(record) {
  const from = Math.floor((Math.max(record, 1) - 1) / PAGE) * PAGE + 1;
  const kept = pages.get(from);
  if (kept && (kept.length === PAGE || kept.upTo >= newest)) return kept;
  const { records } = await get(`${path()}/journal?from=${from}&limit=${PAGE}`);
  const own = records.filter(({ seq }) => seq < from + PAGE);
  own.upTo = newest;
  pages.set(from, own);
  return own;
}

/** Whoever `caller` is, as a link where there is something to see. */
export function callerOf(caller) {
  const link = (to, text) => el("a", { href: `/admin?room=${encodeURIComponent(to)}`, title: to }, text);
  if (typeof caller === "string") return { System: "the server", Nobody: "nobody in particular" }[caller] ?? caller;
  if (caller.Account) return link(`account:${caller.Account.id}`, `${caller.Account.role} ${caller.Account.id.slice(0, 8)}`);
  if (caller.Room) return link(caller.Room, caller.Room.replace(/^(\w+:\w{8}).*/, "$1"));
  return caller.Guest ? `guest ${String(caller.Guest).slice(0, 8)}` : inWords(caller);
}

/** What led to a record: text, or a link. */
export function causeOf(cause) {
  if (cause === null || cause === undefined) return "not told";
  if (cause === "Time") return "time";
  if (cause.Command) return callerOf(cause.Command);
  if (cause.Duty !== undefined) return `duty ${cause.Duty} ended`;
  if (!cause.rewrite) return inWords(cause);
  const [[what, record]] = Object.entries(cause.rewrite);
  return el("span", {}, what === "rewind" ? `rewound to ${record} by ` : `record ${record} skipped by `, callerOf(cause.by));
}

const eventName = (event) => (typeof event === "string" ? event : Object.keys(event)[0]);

/** What a record says, in a few words. */
function titleOf({ damaged, events, cause }) {
  if (damaged) return "damaged";
  if (!Array.isArray(events)) return "unreadable";
  if (cause?.rewrite) return "another past";
  const names = [...new Set(events.map(eventName))];
  return names.length ? names.join(", ") : "nothing new";
}

/** In words what differs, for a map of seats and for anything else. */
function told(before, after) {
  const seats = (view) => new Map((view?.rows ?? []).flatMap(({ seats: own }) => own.map(({ id, state }) => [id, state])));
  const bare = (view) => view && Object.fromEntries(Object.entries(view).filter(([name]) => name !== "revision" && !(drawn && name === "rows")));
  const rest = changes(bare(before), bare(after));
  const lines = rest.map(({ path: what, was, is }) => [what || "everything", was, is]);
  if (!drawn) return { seats: [], lines, paths: new Set(rest.map((one) => one.path)) };
  const was = seats(before);
  const moved = [...seats(after)].filter(([id, state]) => before && was.get(id) !== state);
  return { seats: moved.map(([id]) => id), lines: [...moved.map(([id, state]) => [`seat ${id}`, SEAT_WORDS[was.get(id)], SEAT_WORDS[state]]), ...lines], paths: new Set(rest.map((one) => one.path)) };
}

/** Draws seats as a map. The same map is only changed, so that the focus stays where it is. */
function drawSeats(view) {
  const plan = view.rows.map(({ row, seats }) => `${row}${seats.length}`).join();
  if (drawn === plan) map.change(Object.fromEntries(view.rows.flatMap(({ seats }) => seats.map(({ id, state }) => [id, state]))));
  else map.show(view);
  drawn = plan;
}

function drawChanges(before, after, lost) {
  const { seats, lines, paths } = told(before, after);
  map.mark(seats);
  const text = ([what, was, is]) => el("li", {}, el("span", { class: "key" }, what), `: ${inWords(was)} → `, el("strong", {}, inWords(is)));
  const note = lost ?? (before === null && after !== null ? "It began with this record." : lines.length ? null : "Nothing that is seen.");
  $("#changed").replaceChildren(...(note ? [el("li", {}, note)] : lines.slice(0, 30).map(text)), !note && lines.length > 30 ? el("li", {}, `and ${lines.length - 30} more`) : "");
  return [paths, note ?? `${lines.length} ${lines.length === 1 ? "change" : "changes"}: ${lines.slice(0, 3).map(([what, , is]) => `${what} ${inWords(is)}`).join(", ")}`];
}

function drawView(view, marked) {
  const isMap = drawn !== null;
  $("#seats").hidden = $("#as-list").hidden = !isMap;
  const rest = isMap ? Object.fromEntries(Object.entries(view).filter(([name]) => name !== "rows")) : view;
  // What somebody opened in the tree stays open.
  const open = new Set([...$("#tree").querySelectorAll("details[open] > summary .key")].map((key) => key.textContent));
  $("#tree").replaceChildren(view === null ? el("p", {}, "Nothing: before its first record there is no room.") : tree(rest, marked));
  for (const details of $("#tree").querySelectorAll("details")) if (open.has($(".key", details).textContent)) details.open = true;
}

function drawRecords(records) {
  const line = (record) => el("li", {}, el("button", { type: "button", class: record.damaged ? "quiet bad" : "quiet", "data-record": record.seq, "aria-current": record.seq === at ? "true" : null, onclick: () => move(record.seq) },
    el("span", { class: "number" }, String(record.seq)), el("span", {}, titleOf(record)), el("small", {}, record.at ? stamp(record.at) : "")));
  const focused = document.activeElement?.dataset?.record;
  $("#records").replaceChildren(...records.map(line));
  if (focused) $(`[data-record="${focused}"]`, $("#records"))?.focus();
  const here = $("[aria-current]", $("#records"));
  if (here) $("#records").scrollTop = here.offsetTop - $("#records").clientHeight / 2;
}

function drawHead(record) {
  const parts = record ? [titleOf(record), record.at && stamp(record.at), record.cause && el("span", {}, "by ", causeOf(record.cause)), typeof record.bytes === "number" && bytes(record.bytes)].filter(Boolean) : [at === 0 ? "Before the first record" : "This record is no longer kept"];
  $("#then").replaceChildren(`Record ${at}: `, ...parts.flatMap((part, n) => (n ? [" · ", part] : [part])));
  $("#events").replaceChildren(record ? tree(record.damaged ? { damaged: record.damaged } : { events: record.events }) : "");
}

/** Sets the slider and what is told beside it. */
function drawPlace() {
  const range = $("#at");
  range.min = $("#at-number").min = String(Math.max(0, oldest - 1));
  range.max = $("#at-number").max = String(newest);
  range.value = String(at);
  if (document.activeElement !== $("#at-number")) $("#at-number").value = String(at);
  range.setAttribute("aria-valuetext", `Record ${at} of ${newest}`);
  $("#of").textContent = `of ${decimal(newest)}${oldest > 1 ? `, kept from ${decimal(oldest)}` : ""}`;
  $("#follows").textContent = at === newest ? "newest" : `${decimal(newest - at)} behind`;
  $("#follows").className = `badge ${at === newest ? "live" : ""}`;
  for (const [id, off] of [["first", at <= range.min], ["back", at <= range.min], ["on", at >= newest], ["last", at >= newest]]) $(`#${id}`).setAttribute("aria-disabled", String(off));
}

/** Reads and shows the record that the slider is at; `aloud` says it to screen readers. */
async function look(aloud) {
  const mine = wish += 1;
  const place = at;
  const before = place > 0 ? viewAt(place - 1).then((past) => [past.view, null], () => [null, "What was before it is no longer kept."]) : Promise.resolve([null, null]);
  $("#past-error").textContent = "";
  const records = await recordsAt(place).catch(() => []);
  if (mine !== wish) return;
  const record = records.find(({ seq }) => seq === place);
  drawRecords(records);
  drawHead(record);
  onMove(place, record);
  try {
    const [{ view }, [was, lost]] = await Promise.all([viewAt(place), before]);
    if (mine !== wish) return;
    if (view?.rows && view.showing) drawSeats(view);
    else if (view) drawn = null;
    const [marked, said] = drawChanges(was, view, lost);
    drawView(view, marked);
    if (aloud) announce(`Record ${place}${record ? `, ${titleOf(record)}` : ""}. ${said}`);
  } catch (problem) {
    if (mine !== wish) return;
    drawn = null;
    map.mark([]);
    $("#seats").hidden = $("#as-list").hidden = true;
    $("#changed").replaceChildren();
    $("#tree").replaceChildren();
    $("#past-error").textContent = problem.status === 410 ? "What the room was then is no longer kept. A later record can be looked at." : problem.message;
  }
}

/** Goes to `record`, and looks once the slider rests. */
export function move(record, aloud = true) {
  const next = Math.min(newest, Math.max(Math.max(0, oldest - 1), Math.round(record)));
  if (!Number.isFinite(next)) return;
  at = next;
  drawPlace();
  clearTimeout(timer);
  timer = setTimeout(() => look(aloud), REST);
}

/** Shows the past of `name` at `record`, or at the newest one. */
export async function open(name, record, { moved, seat }) {
  [room, drawn, views, pages] = [name, null, new Map(), new Map()];
  [onMove, onSeat] = [moved, seat];
  await reach();
  at = Math.min(newest, Math.max(0, record ?? newest));
  drawPlace();
  await look(false);
}

async function reach() {
  const { oldest: from, newest: to } = await get(`${path()}/journal?from=1&limit=1`);
  const grew = to !== newest;
  [oldest, newest] = [from ?? to, to];
  return grew;
}

/** Looks whether the room has new records; stays at the newest if it is there. True if it has. */
export async function follow() {
  const followed = at === newest;
  if (!(await reach())) return false;
  if (followed) move(newest, false);
  else drawPlace();
  return true;
}

export const where = () => ({ at, newest });
export const pickSeat = (seat) => map.pick(seat);

/** The record before or after the one that is looked at, and the ends. */
function controls() {
  $("#at").addEventListener("input", ({ target }) => move(Number(target.value)));
  $("#at-number").addEventListener("change", ({ target }) => { move(Number(target.value)); target.value = String(at); });
  for (const [id, to] of [["first", () => oldest - 1], ["back", () => at - 1], ["on", () => at + 1], ["last", () => newest]]) $(`#${id}`).addEventListener("click", () => move(to()));
  $("#as-list").addEventListener("click", ({ target }) => target.setAttribute("aria-pressed", String($("#seats").classList.toggle("list"))));
}

controls();
