// A match that is over, to be watched again: the server plays it once more from its inputs and films it.

import { Ground, along } from "./game/arena.js";
import { Film } from "./game/film.js";
import { Picture } from "./game/picture.js";
import { nameOf, read } from "./game/scene.js";
import { Schema } from "./game/schema.js";
import * as matches from "./matches.js";
import { $, announce, el, say, sentence, start } from "./ui.js";

/** By how much the arrow keys go, in seconds. */
const STEP_S = 5;

/** How often the scores are written anew, in ms. */
const WORDS_MS = 250;

const id = location.pathname.split("/")[2];
const names = new Map();
let [kind, schema, film, picture] = [null, null, null, null];
/** The frame that is shown, with its part, and whether it goes on. */
let at = 0;
let plays = false;
let [drawnAt, wroteAt, drawn] = [0, 0, -1];

const clock = (frame) => {
  const seconds = Math.floor(frame / schema.tickHz);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

function play(on) {
  if (on && at >= film.length - 1) at = 0;
  plays = on;
  $("#toggle").textContent = on ? "Stop" : "Play";
}

function go(frame) {
  at = Math.max(0, Math.min(film.length - 1, frame));
  announce(clock(at));
}

/** The moment between two frames, as the page of a match would show it. */
function scene() {
  const frame = Math.floor(at);
  const [older, newer] = [film.show(frame).table, film.show(Math.min(film.length - 1, frame + 1)).table];
  const part = at - frame;
  const all = read(schema, kind.players_max, older.entries(), names);
  const later = read(schema, kind.players_max, newer.entries(), names);
  for (const player of all.players) {
    const next = later.players.find((one) => one.seat === player.seat);
    // Whoever came in anew somewhere else does not fly there.
    if (!next || Math.hypot(next.x - player.x, next.y - player.y) > 100) continue;
    player.x += (next.x - player.x) * part;
    player.y += (next.y - player.y) * part;
  }
  for (const shot of all.shots) { shot.x += shot.vx * part; shot.y += shot.vy * part; }
  return all;
}

function sparks(from, to, all) {
  for (let frame = Math.max(from + 1, to - 3); frame <= to; frame += 1) {
    for (const { kind: what, values } of film.show(frame).events) {
      const hit = what === "hit" && all.players.find((player) => player.seat === values.whom);
      const [x, y] = hit ? along(values.along, 20) : [0, 0];
      if (hit) picture.spark(hit.x - x, hit.y - y);
    }
  }
}

function draw(now) {
  requestAnimationFrame(draw);
  const passed = Math.min(250, now - drawnAt);
  drawnAt = now;
  if (film.length === 0) return;
  if (plays) at = Math.min(film.length - 1, at + (passed / 1000) * schema.tickHz * Number($("#speed").value));
  if (plays && at >= film.length - 1) play(false);
  const all = scene();
  const frame = Math.floor(at);
  if (plays && frame > drawn) sparks(drawn, frame, all);
  drawn = frame;
  const follows = $("#who").value;
  const own = follows === "" ? null : all.players.find((player) => player.seat === Number(follows));
  if (own) own.mine = true;
  picture.draw({ ...all, own: own ?? null, whole: follows === "" });
  $("#time").max = film.length - 1;
  if (document.activeElement !== $("#time") || plays) $("#time").value = frame;
  if (now - wroteAt > WORDS_MS) write(all, now);
}

function write({ scores }, now) {
  wroteAt = now;
  $("#clock").textContent = `${clock(at)} of ${clock(film.length - 1)}`;
  $("#time").setAttribute("aria-valuetext", $("#clock").textContent);
  $("#scores").replaceChildren(...scores.map((score) => el("tr", {}, el("th", { scope: "row" }, score.name), el("td", {}, score.frags), el("td", {}, score.deaths))));
  for (const { seat } of scores) {
    if (!$(`#who option[value="${seat}"]`)) $("#who").append(el("option", { value: seat }, nameOf(names, seat)));
  }
}

function controls() {
  $("#toggle").addEventListener("click", () => play(!plays));
  $("#time").addEventListener("input", () => { play(false); at = Number($("#time").value); });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest?.("input, select, button, a")) return;
    const does = { " ": () => play(!plays), ArrowLeft: () => go(at - STEP_S * schema.tickHz), ArrowRight: () => go(at + STEP_S * schema.tickHz) }[event.key];
    if (does) { event.preventDefault(); does(); }
  });
}

/** Reads the film as it comes; it can be watched from the first frame on. */
async function load() {
  const answer = await matches.film(id);
  const reader = answer.body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    film.push(value);
    if ($("#show").hidden && film.length > 0) begin();
  }
  $("#phase").textContent = film.length ? "" : "Nothing was played.";
}

function begin() {
  $("#show").hidden = false;
  $("#phase").textContent = "It is still coming …";
  picture = new Picture($("#picture"), new Ground(kind.scenery[JSON.parse(view.settings).map]));
  controls();
  play(true);
  requestAnimationFrame(draw);
}

let view = null;
async function main() {
  await start();
  $("#back").href = `/games/${id}`;
  try {
    view = await matches.match(id);
    kind = await matches.gameOf(view.game);
    for (const { seat, name } of view.players) names.set(seat, name);
    for (const { seat, name } of view.ending?.Concluded?.results ?? []) if (seat !== null) names.set(seat, name);
    const title = view.title || `A match of ${view.game}`;
    $("#title").textContent = `${title}, again`;
    document.title = `Replay: ${title} – Playhouse`;
    schema = new Schema(kind.schema);
    film = new Film(schema);
    await load();
  } catch (problem) {
    $("#phase").textContent = sentence(problem.message);
    if (!(problem.status)) say(problem);
  }
}

main().catch(say);
