// How the server is now: figures once a second, closed rooms, slow watchers, crashes, dead letters.

import { readMatches } from "./adminplay.js";
import { get, now, post } from "./api.js";
import { bytes, decimal, millis, Spark, span } from "./figures.js";
import { $, announce, el, say, stamp, sure, toast } from "./ui.js";

/** How often slow watchers and matches are looked at, in milliseconds. */
const LOOK_EVERY = 3000;

const sum = (figures, name) => Object.values(figures.kinds).reduce((all, kind) => all + (kind[name] ?? 0), 0);

/** Each figure: its name, the text of its newest value, and what its line shows. */
const TILES = [
  ["Requests a second", (f) => decimal(f.rates?.requests), (f) => f.rates?.requests],
  ["Records a second", (f) => decimal(f.rates?.frames), (f) => f.rates?.frames],
  ["Publications a second", (f) => decimal(f.rates?.publications), (f) => f.rates?.publications],
  ["Disk sync, p50 · p99", (f) => both(f.journal?.sync_ms), (f) => f.journal?.sync_ms?.p99],
  ["Commit, p50 · p99", (f) => both(f.journal?.commit_ms), (f) => f.journal?.commit_ms?.p99],
  ["Live connections", (f) => decimal(f.connections), (f) => f.connections],
  ["Commands that wait", (f) => decimal(sum(f, "waiting")), (f) => sum(f, "waiting")],
  ["Rooms in memory", (f) => decimal(sum(f, "loaded")), (f) => sum(f, "loaded")],
  ["Memory of the server", (f) => bytes(f.server?.resident_bytes), (f) => f.server?.resident_bytes],
  ["Open descriptors", (f) => decimal(f.server?.descriptors), (f) => f.server?.descriptors],
];

const both = (times) => (times ? `${millis(times.p50)} · ${millis(times.p99)}` : "–");

const COLUMNS = [["loaded", "In memory", decimal], ["watchers", "Watchers", decimal], ["waiting", "Waiting", decimal], ["mailbox", "Bound of each", decimal], ["bytes", "Size", bytes], ["failures", "Crashes", decimal], ["dead_letters", "Dead letters", decimal]];

let tiles = null;
/** The cells of the table of kinds, by kind and column. */
const cells = new Map();
let looking = null;
/** What the lists below rest on: they are read anew when it changes. */
let basis = null;

export const roomLink = (room) => el("a", { class: "room", href: `/admin?room=${encodeURIComponent(room)}` }, room);

/** A table; a head that ends in `#` stands over numbers. */
export const table = (heads, rows) => el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col", class: head.endsWith("#") ? "number" : null }, head.replace("#", ""))))), el("tbody", {}, ...rows));

/** Draws `root` anew; what has the focus within it keeps it. */
export function draw(root, ...children) {
  const focused = root.contains(document.activeElement) && document.activeElement;
  const same = focused && (focused.id ? `#${CSS.escape(focused.id)}` : focused.getAttribute("href") && `a[href="${CSS.escape(focused.getAttribute("href"))}"]`);
  root.replaceChildren(...children);
  if (same) $(same, root)?.focus();
}

function drawTiles(figures) {
  if (!tiles) {
    tiles = TILES.map(([name]) => ({ spark: new Spark(), value: el("span"), name }));
    $("#tiles").replaceChildren(...tiles.map(({ spark, value, name }) => el("div", {}, el("dt", {}, name), el("dd", {}, value, spark.element))));
  }
  tiles.forEach(({ spark, value }, n) => {
    value.textContent = TILES[n][1](figures);
    spark.add(TILES[n][2](figures));
  });
}

function drawKinds(kinds) {
  const names = Object.keys(kinds);
  if (names.length !== cells.size || names.some((name) => !cells.has(name))) {
    cells.clear();
    const row = (kind) => {
      const own = COLUMNS.map(([name]) => el("td", { class: `number ${name}` }));
      cells.set(kind, own);
      return el("tr", {}, el("th", { scope: "row" }, el("a", { href: `/admin?view=rooms&kind=${encodeURIComponent(kind)}` }, kind)), ...own);
    };
    draw($("#kinds"), table(["Kind", ...COLUMNS.map(([, title]) => `${title}#`)], names.map(row)));
  }
  for (const [kind, own] of cells) {
    own.forEach((cell, n) => {
      const [name, , text] = COLUMNS[n];
      cell.textContent = text(kinds[kind][name]);
      cell.classList.toggle("bad", kinds[kind][name] > 0 && (name === "failures" || name === "dead_letters"));
    });
  }
}

async function reopen(room) {
  if (!(await sure("Reopen this room?", `${room} is rebuilt from its journal as it is, and opens. Nothing that is stored is lost. If what closed it is still there, it closes again.`, "Reopen"))) return;
  try {
    await post(`/api/admin/rooms/${encodeURIComponent(room)}/reopen`, {}, null);
    toast(`${room} opens.`);
  } catch (problem) { say(problem); }
}

function drawClosed(rooms) {
  const closed = Object.entries(rooms);
  draw($("#closed"), ...(closed.length ? closed.map(([room, reason]) => el("li", { class: "attention" }, el("div", {}, roomLink(room), el("p", {}, reason)),
    el("button", { type: "button", class: "second", id: `reopen-${room}`, "aria-label": `Reopen ${room}`, onclick: () => reopen(room) }, "Reopen …"),
    el("a", { class: "button second", href: `/admin?room=${encodeURIComponent(room)}&do=rewrite`, "aria-label": `Rewind ${room} or skip a record` }, "Rewind or skip …")))
    : [el("li", {}, "No room is closed.")]));
}

function drawTroubles({ crashes = [], dead_letters: letters }) {
  draw($("#crashes"), ...(crashes.length ? [...crashes].reverse().map(({ room, at, reason }) => el("li", {}, el("div", {}, el("time", { datetime: at }, stamp(at)), " ", roomLink(room), el("p", {}, reason))))
    : [el("li", {}, "No room had to be rebuilt since the start.")]));
  draw($("#letters"), ...(letters.length ? [...letters].reverse().map(({ room, at, caller, command, failure }) => el("li", {}, el("div", {}, at && el("time", { datetime: at }, stamp(at)), " ", roomLink(room), el("p", {}, caller ? `${caller}: ${command}` : command), el("p", { class: "facts" }, failure))))
    : [el("li", {}, "No command was set aside since the start.")]));
}

async function readTroubles() {
  const overview = await get("/api/admin/rooms");
  drawTroubles(overview);
}

/** Takes in the figures of this second. */
export function figures(newest) {
  const closed = Object.keys(newest.quarantined);
  const next = JSON.stringify([newest.quarantined, sum(newest, "failures"), sum(newest, "dead_letters")]);
  const first = basis === null;
  if (newest.server?.started_at) $("#who").textContent = `The server has run for ${span((now() - Date.parse(newest.server.started_at)) / 1000)}.`;
  drawTiles(newest);
  drawKinds(newest.kinds);
  if (next === basis) return;
  basis = next;
  drawClosed(newest.quarantined);
  if (!first) announce(closed.length ? `${closed.length} ${closed.length === 1 ? "room is" : "rooms are"} closed` : "No room is closed");
  readTroubles().catch(say);
}

const isBehind = (one) => one.pending_bytes > 0 || one.missed > 0;

function whoOf({ who, username }) {
  if (who.startsWith("account:")) return el("a", { href: `/admin?room=${encodeURIComponent(who)}` }, username ?? who);
  return who.startsWith("guest:") ? `guest ${who.slice(6, 14)}` : "nobody in particular";
}

function drawBehind({ items }) {
  const behind = items.filter(isBehind).length;
  $("#behind-facts").textContent = behind ? `${behind === items.length ? "At least " : ""}${behind} ${behind === 1 ? "connection is" : "connections are"} behind or missed something. Those with most waiting first.`
    : items.length ? "No connection is behind." : "Nobody is connected.";
  const row = (one) => el("tr", { class: isBehind(one) ? "bad" : null }, el("td", { class: "number" }, String(one.connection)), el("td", {}, whoOf(one)),
    el("td", { class: "number" }, decimal(one.pending_messages)), el("td", { class: "number" }, bytes(one.pending_bytes)), el("td", { class: "number" }, span(one.behind_s)), el("td", { class: "number" }, decimal(one.missed)),
    el("td", { class: "number" }, span((now() - Date.parse(one.opened_at)) / 1000)), el("td", { class: "channels" }, one.channels.length ? one.channels.join(" ") : "none"));
  draw($("#behind"), table(["Connection#", "Who", "Waiting#", "Bytes#", "Behind#", "Missed#", "Open for#", "Channels"], items.map(row)));
}

const readBehind = async () => drawBehind(await get("/api/admin/connections?limit=20"));

/** Shows this part of the page; what it reads by itself is read for as long as it is shown and seen. */
export async function showNow() {
  leaveNow();
  const look = () => Promise.all([readBehind(), readMatches()]);
  looking = setInterval(() => { if (!document.hidden) look().catch(() => { /* The badge says that the server is away. */ }); }, LOOK_EVERY);
  await Promise.all([readTroubles(), look()]);
}

export function leaveNow() {
  clearInterval(looking);
  looking = null;
}
