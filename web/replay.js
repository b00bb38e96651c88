// A match that is over, to be watched again: the server plays it once more from its inputs and films it. And one
// that is played, to be watched meanwhile: its film comes some seconds late.

import { fairness, wantedTick } from "./fairness.js";
import { Film } from "./game/film.js";
import { nameOf } from "./game/scene.js";
import { Schema } from "./game/schema.js";
import { spectate } from "./game/spectate.js";
import { Between } from "./game/states.js";
import { Live } from "./live.js";
import * as matches from "./matches.js";
import { gameModule, writeScores } from "./play.js";
import { talk } from "./talk.js";
import { $, announce, el, say, sentence, start } from "./ui.js";

/** By how much the arrow keys go, in seconds. */
const STEP_S = 5;

/** How often the scores are written anew, in ms. */
const WORDS_MS = 250;

/** How far behind the newest frame a match is shown that is still played, in frames: two parts of its film. */
const BEHIND = 6;

const id = location.pathname.split("/")[2];
/** True while more of the film is still to be played. */
let live = location.pathname.endsWith("/watch");
const names = new Map();
let [kind, game, schema, film, shows] = [null, null, null, null, null];
/** The frame that is shown, with its part, and whether it goes on. */
let at = 0;
let plays = false;
let [drawnAt, wroteAt, drawn] = [0, 0, -1];

const clock = (frame) => {
  const seconds = Math.floor(frame / schema.tickHz);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

function play(on) {
  if (on && at >= film.length - 1 && !live) at = 0;
  plays = on;
  $("#toggle").textContent = on ? "Stop" : "Play";
}

/** The tick that the page's address names, until it is shown. */
let wanted = null;

/** Shows it once its frame is there. */
function jump() {
  if (wanted === null || film.length === 0) return;
  const frame = wanted - film.show(0).table.tick;
  if (frame >= film.length) return;
  wanted = null;
  play(false);
  go(frame);
}

function go(frame) {
  at = Math.max(0, Math.min(film.length - 1, frame));
  announce(clock(at));
}

/** The moment between two frames, as the page of a match would show it. */
function moment() {
  const frame = Math.floor(at);
  const [older, newer] = [frame, Math.min(film.length - 1, frame + 1)].map((n) => film.show(n).table);
  return new Between(schema, older, newer, Math.floor((at - frame) * 256));
}

/** What happened in the last of the frames that were passed. */
function events(from, to) {
  for (let frame = Math.max(from + 1, to - 3); frame <= to; frame += 1) {
    for (const event of film.show(frame).events) shows.event?.(event);
  }
}

function draw(now) {
  requestAnimationFrame(draw);
  const passed = Math.min(250, now - drawnAt);
  drawnAt = now;
  if (film.length === 0) return;
  if (plays) at = Math.min(film.length - 1, at + (passed / 1000) * schema.tickHz * Number($("#speed").value));
  if (plays && at >= film.length - 1 && !live) play(false);
  const frame = Math.floor(at);
  if (plays && frame > drawn) events(drawn, frame);
  drawn = frame;
  shows.seat = $("#who").value === "" ? null : Number($("#who").value);
  shows.show(moment());
  $("#time").max = film.length - 1;
  if (document.activeElement !== $("#time") || plays) $("#time").value = frame;
  if (now - wroteAt > WORDS_MS) write(now);
}

function write(now) {
  wroteAt = now;
  $("#clock").textContent = `${clock(at)} of ${clock(film.length - 1)}`;
  $("#time").setAttribute("aria-valuetext", $("#clock").textContent);
  const scores = shows.scores();
  writeScores(game, scores, names);
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

const NO_FILM = { Full: "As many watch as can. Try again later.", Schema: "This page is older or newer than the server: load it again.", Over: "" };

/** Watches the match as it is played, until it is over. */
async function watch() {
  const tell = () => { $("#phase").textContent = film.length ? "" : "It is shown three seconds late, once it is played."; };
  tell();
  const end = await spectate(schema, id, matches.reach, {
    state(name) { if (name === "lost") $("#phase").textContent = "The connection is lost. Coming back …"; else tell(); },
    film(bytes, fresh) {
      if (fresh) film.cut();
      film.push(bytes);
      if (!$("#show").hidden || film.length === 0) return;
      begin();
      tell();
      at = Math.max(0, film.length - BEHIND);
    },
  });
  live = false;
  if (end === "Over" && film.length === 0) { location.replace(`/games/${id}/replay`); return; }
  $("#phase").textContent = end === "Over" ? "It is over." : NO_FILM[end] ?? "The server does not show it any more.";
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
    jump();
  }
  // One that there is not: the end.
  if (wanted !== null && film.length) { play(false); go(film.length - 1); }
  $("#phase").textContent = film.length ? "" : "Nothing was played.";
}

function begin() {
  $("#show").hidden = false;
  $("#phase").textContent = "It is still coming …";
  $(".who").hidden = !game.follows;
  shows = new game.View({ stage: $("#game"), kind, schema, settings: JSON.parse(view.settings), names, seat: null });
  controls();
  play(true);
  requestAnimationFrame(draw);
}

/** Keeps up who plays, and shows what they say. */
function follow() {
  const take = (part) => {
    view = { ...view, ...part };
    for (const { seat, name } of view.players) names.set(seat, name);
    talk(view);
  };
  new Live(() => {}, async () => null).subscribe(`game:${id}`, { view: take, change: take });
}

/** Goes to the tick that the address names, whenever it names one. */
function wants() {
  wanted = wantedTick();
  if (wanted !== null && film?.length) { wanted = Math.min(wanted, film.show(0).table.tick + film.length - 1); jump(); }
}

let view = null;
async function main() {
  const account = await start();
  $("#back").href = `/games/${id}`;
  try {
    view = await matches.match(id);
    [kind, game] = await Promise.all([matches.gameOf(view.game), gameModule(view.game)]);
    for (const { seat, name } of view.players) names.set(seat, name);
    for (const { seat, name } of view.ending?.Concluded?.results ?? []) if (seat !== null) names.set(seat, name);
    const title = view.title || `A match of ${game.title}`;
    if (live && matches.isOver(view)) { location.replace(`/games/${id}/replay`); return; }
    $("#title").textContent = live ? title : `${title}, again`;
    document.title = `${live ? "Watching" : "Replay"}: ${title} – Playhouse`;
    schema = new Schema(kind.schema);
    film = new Film(schema);
    if (live) follow();
    if (live) { await watch(); return; }
    wanted = wantedTick();
    addEventListener("hashchange", wants);
    const about = fairness({ id, account, look: () => matches.match(id), clock, tick: () => (film.length ? film.show(Math.floor(at)).table.tick : 1) });
    await Promise.all([load(), about]);
  } catch (problem) {
    $("#phase").textContent = sentence(problem.message);
    if (!(problem.status)) say(problem);
  }
}

main().catch(say);
