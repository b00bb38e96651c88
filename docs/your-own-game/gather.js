import { Field } from "../game/field.js";

export const [title, about] = ["Gather", "Walk to the coin before the others do."];
export const keys = "Walk with the arrow keys, or by a finger on the field.";
export const seats = { seats: 4, bots: 2 }, fields = [], columns = ["Coins"];

export class View extends Field {
  constructor(given) { super(given, { size: 16, label: "The field", tones: { coin: "gold" } }); }
  action() { return { dx: this.way.x, dy: this.way.y }; }
  scores() { return this.all("player").map(({ slot, coins }) => ({ seat: slot, cells: [coins] })); }
  words() { return `You have ${this.own?.coins ?? 0} of 10 coins.`; }
}
