// Matches by REST, as whoever plays: an account, or a guest whom this browser knows by a token.

import { askAs, get, newKey, post, Problem, token } from "./api.js";
import { drop, read, write } from "./kept.js";

/** How long before its end a guest's token is not used any more, in ms: a match may last half an hour. */
const SPARE_MS = 3_600_000;

/** The token of whoever plays here. */
async function bearer() {
  const account = await token();
  if (account) return account;
  const kept = read("player");
  if (kept && kept.until > Date.now()) return kept.token;
  const made = await askAs(null, "POST", "/api/games/guests");
  write("player", { token: made.guest_token, until: Date.now() + made.expires_in * 1000 - SPARE_MS });
  return made.guest_token;
}

/** Asks as whoever plays; a guest whom the server does not know any more is a new one. */
async function ask(method, path, body, key) {
  try { return await askAs(await bearer(), method, path, body, key); } catch (problem) {
    if (problem.status !== 401 || (await token())) throw problem;
    drop("player");
    return askAs(await bearer(), method, path, body, key);
  }
}

const at = (id) => `/api/games/sessions/${encodeURIComponent(id)}`;

/** The name under which this browser plays, as it was typed last; empty for none. */
export const myName = { read: () => read("name") ?? "", write: (name) => write("name", name) };

/** Where matches are played: `{ games, webtransport, certificate_hash, websocket }`. Asks once. */
export const reach = () => askAs(null, "GET", "/api/games");
export const gameOf = (name) => get(`/api/games/${encodeURIComponent(name)}`);
export const match = (id) => get(at(id));
export const figures = async (id) => (await askAs(null, "GET", `${at(id)}/figures`)).running;
export const make = (game, request) => post(`/api/games/${game}/sessions`, request);
/** Takes a seat, or another ticket for the seat that one has. */
export const join = (id) => ask("POST", `${at(id)}/join`, myName.read() ? { name: myName.read() } : {});
export const ready = (id, is) => ask("POST", `${at(id)}/ready`, { ready: is }, newKey());
export const begin = (id) => ask("POST", `${at(id)}/start`, undefined, newKey());
export const leave = (id) => ask("POST", `${at(id)}/leave`, undefined, newKey());

export const speak = (id, text) => ask("POST", `${at(id)}/say`, { text }, newKey());
export const mute = (id, seat, muted) => ask("POST", `${at(id)}/mute`, { seat, muted }, newKey());
export const remove = (id, seat, ban) => ask("POST", `${at(id)}/remove`, { seat, ban }, newKey());

/** Goes to a match; `join` says there that the seat is wanted without another click. */
export function go(id, join = false) {
  try { if (join) sessionStorage.setItem(`join ${id}`, "1"); } catch { /* Then it takes one more click. */ }
  location.assign(`/games/${id}`);
}

/** Whether the seat of match `id` is wanted, which is asked once. */
export function wanted(id) {
  try {
    const is = sessionStorage.getItem(`join ${id}`) === "1";
    sessionStorage.removeItem(`join ${id}`);
    return is;
  } catch { return false; }
}

/** The matches that are listed and not over. */
export async function listed() {
  const { items } = await get("/api/games/sessions?limit=100");
  return items.filter((match) => !isOver(match));
}

/** Of `matches` the one that one click leads to: one that is played, with the most people in it. */
export function best(matches) {
  const rank = (match) => (match.phase === "active" ? 1000 : 0) + match.taken - match.bots / 2;
  return matches.filter((match) => match.open).sort((a, b) => rank(b) - rank(a))[0];
}

const counted = (n, one, many) => `${n} ${n === 1 ? one : many}`;
/** Who has a seat, in words: `2 players and 7 bots`. */
export function people({ taken, bots }) {
  const parts = [taken > bots && counted(taken - bots, "player", "players"), bots > 0 && counted(bots, "bot", "bots")];
  return parts.filter(Boolean).join(" and ") || "nobody";
}
/** Who has a seat in a match as its own channel says it: `{ taken, bots }`. */
export const seated = ({ players }) => ({ taken: players.length, bots: players.filter((player) => player.state === "bot").length });

/** The resume token of a match: for as long as this tab is open, so that it comes back after a reload. */
export const resume = (id) => ({
  read() { try { return sessionStorage.getItem(`resume ${id}`); } catch { return null; } },
  write(value) {
    try {
      if (value) sessionStorage.setItem(`resume ${id}`, value);
      else sessionStorage.removeItem(`resume ${id}`);
    } catch { /* Then a reload takes another ticket. */ }
  },
});

/** The film of a match that is over: the answer, whose body comes as it is made. */
export async function film(id) {
  const answer = await fetch(`${at(id)}/film`, { credentials: "omit" });
  if (answer.ok) return answer;
  throw new Problem(answer.status, await answer.json().catch(() => ({})));
}

const PHASES = { lobby: "in the lobby", check: "getting ready", countdown: "about to begin", active: "being played", concluded: "over", void: "called off" };
export const inWords = (phase) => PHASES[phase] ?? phase;
export const isOver = ({ phase }) => phase === "concluded" || phase === "void";
