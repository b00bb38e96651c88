// What is said in a match: the newest lines, a line of one's own, and what whoever runs the match may do.

import { $, announce, el, say, submitting } from "./ui.js";

/** The number of the newest line that was shown. */
let newest = 0;

/** Shows what was said in `match`. */
export function talk({ said }) {
  const panel = $("#talk");
  panel.hidden = panel.hidden && !(said?.length > 0);
  const fresh = (said ?? []).filter((line) => line.number > newest);
  if (fresh.length === 0) return;
  const lines = $("#said");
  lines.append(...fresh.map(({ name, text }) => el("li", {}, el("b", {}, name), ` ${text}`)));
  while (lines.children.length > said.length) lines.firstElementChild.remove();
  lines.scrollTop = lines.scrollHeight;
  if (newest > 0) announce(fresh.map(({ name, text }) => `${name}: ${text}`).join(". "));
  newest = fresh.at(-1).number;
}

/** Lets one speak, by `send(text)`. */
export function speaks(send) {
  $("#talk").hidden = false;
  const form = $("#speak");
  if (!form.hidden) return;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, async ({ text }) => {
      if (!text.trim()) return;
      await send(text);
      form.reset();
    });
  });
}

/** The buttons by which whoever runs a match keeps order about `player`; `does` has `mute(seat, is)` and
 * `remove(seat, ban)`. */
export function order(player, muted, does) {
  const is = muted.includes(player.seat);
  const act = (work) => () => Promise.resolve().then(work).catch(say);
  const button = (text, label, work) => el("button", { type: "button", class: "quiet", "aria-label": label, onclick: act(work) }, text);
  return el("span", { class: "order" },
    button(is ? "Unmute" : "Mute", `${is ? "Unmute" : "Mute"} ${player.name}`, () => does.mute(player.seat, !is)),
    button("Remove", `Remove ${player.name} for five minutes`, () => does.remove(player.seat, false)),
    button("Ban", `Ban ${player.name} from this match`, () => does.remove(player.seat, true)));
}
