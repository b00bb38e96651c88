// What the arena's entities are, for the picture and in words. Slots are as the game's schema has them: avatars by
// seat, then scores by seat, then what lies about, then shots.

/** Reads `entities`, `[slot, entity]` each, of a game of `schema` with so many `seats`: `{ players, scores, items,
 * shots }`. `names` has the name of each seat; `seat` is one's own, or null. */
export function read(schema, seats, entities, names, seat = null) {
  const scene = { players: [], scores: [], items: [], shots: [] };
  for (const [slot, entity] of entities) {
    const { kind, ...values } = schema.named(entity);
    if (kind === "avatar") scene.players.push({ ...values, seat: slot, name: nameOf(names, slot), mine: slot === seat });
    else if (kind === "score") scene.scores.push({ ...values, seat: slot - seats, name: nameOf(names, slot - seats) });
    else if (kind === "item") scene.items.push(values);
    else if (kind === "shot") scene.shots.push(values);
  }
  scene.scores.sort((a, b) => b.frags - a.frags || a.deaths - b.deaths || a.seat - b.seat);
  return scene;
}

export const nameOf = (names, seat) => names.get(seat) ?? `Player ${seat + 1}`;

const WAYS = ["right", "below right", "below", "below left", "left", "above left", "above", "above right"];

/** Where `to` is, seen from `from`, in words: `12.3 m above left`. */
export function where(from, to) {
  const [x, y] = [to.x - from.x, to.y - from.y];
  const way = (Math.round(Math.atan2(y, x) / (Math.PI / 4)) + 8) % 8;
  return `${(Math.hypot(x, y) / 100).toFixed(1)} m ${WAYS[way]}`;
}

/** The place of `seat` among `scores`, from 1; equal scores share one. 0 if it has none. */
export function placeOf(scores, seat) {
  const own = scores.find((score) => score.seat === seat);
  return own ? scores.filter((score) => score.frags > own.frags).length + 1 : 0;
}
