// What the pages of leaderboards and players have in common: asking, and words for what comes.

import { get, put, remove } from "./api.js";

export const board = (game, query = "") => get(`/api/leaderboards/${encodeURIComponent(game)}${query}`);
export const seasons = (game) => get(`/api/leaderboards/${encodeURIComponent(game)}/seasons`);
export const player = (id) => get(`/api/players/${encodeURIComponent(id)}`);
export const matches = (id, cursor) => get(`/api/players/${encodeURIComponent(id)}/matches?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);

/** The ids of those whom the account counts among its friends. */
export const friends = async () => new Set((await get("/api/friends")).items.map((friend) => friend.id));
/** Counts `id` among the friends, or not any more; who they are then. */
export async function befriend(id, is) {
  const at = `/api/friends/${encodeURIComponent(id)}`;
  const { items } = await (is ? put(at) : remove(at));
  return new Set(items.map((friend) => friend.id));
}

export const counted = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** What a match changed, with its sign: `+12`, `−7`. */
export const gained = ({ before, after }) => (after < before ? `−${before - after}` : `+${after - before}`);
