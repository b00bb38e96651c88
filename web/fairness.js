// Fair play in a match that is over: who was found to have cheated, with the moment that shows it; and for
// administrators what no honest client does, and the verdict.

import { get, put, remove } from "./api.js";
import { $, el, say, submitting } from "./ui.js";

const WORDS = {
  impossible_input: "said what no client of ours says",
  saw_the_future: "claimed to have seen what was not there yet",
  saw_the_past: "claimed to have seen nothing since long ago",
};

/** The tick that the page's address names, or null. */
export function wantedTick() {
  const tick = Number(new URLSearchParams(location.hash.slice(1)).get("tick"));
  return Number.isSafeInteger(tick) && tick > 0 ? tick : null;
}

const moment = (tick, clock) => el("a", { href: `#tick=${tick}` }, `at ${clock(tick)}, tick ${tick}`);

/** The accounts that have results in the match. */
const players = (view) => (view.ending?.Concluded?.results ?? []).filter((one) => one.player?.account);

/**
 * Shows what is known of the match `id`. `look` reads the match anew, `clock` says when a tick was, `tick` which one
 * is shown.
 */
export async function fairness({ id, account, look, clock, tick }) {
  const judges = account?.role === "admin";
  const at = `/api/admin/matches/${encodeURIComponent(id)}`;
  const verdict = (of) => `${at}/verdicts/${encodeURIComponent(of)}`;

  async function draw() {
    const view = await look();
    const takeBack = (one) => el("button", { type: "button", class: "quiet", "aria-label": `Take back the verdict on ${one.name}`, onclick: async () => {
      try { await remove(verdict(one.account)); await draw(); $("#verdict select").focus(); } catch (problem) { say(problem); }
    } }, "Take back");
    $("#verdicts").replaceChildren(...view.verdicts.map((one) => el("li", {},
      el("span", {}, el("a", { href: `/players/${one.account}` }, one.name), " was found to have cheated ", moment(one.tick, clock), "."), judges && takeBack(one))));
    $("#fair").hidden = !judges && view.verdicts.length === 0;
    return view;
  }

  const view = await draw();
  if (!judges) return;
  const { items } = await get(at);
  $("#suspects").replaceChildren(...(items.length ? items.map((one) => el("li", {}, el("span", {},
    `${one.name ?? `Somebody who left seat ${one.seat}`} ${WORDS[one.of] ?? one.of}, ${one.times === 1 ? "once" : `${one.times} times`}: `,
    moment(one.first_tick, clock), ...(one.last_tick === one.first_tick ? [] : [" until ", moment(one.last_tick, clock)]), ".")))
    : [el("li", {}, "Nothing: everybody did what an honest client does.")]));
  $("#judge").hidden = false;
  const form = $("#verdict");
  form.hidden = players(view).length === 0;
  form.elements.account.replaceChildren(...players(view).map((one) => el("option", { value: one.player.account }, one.name)));
  $("#this-tick").addEventListener("click", () => { form.elements.tick.value = tick(); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, async ({ account: of, tick: named, reason }) => {
      await put(verdict(of), { tick: Number(named), reason: reason.trim() || null });
      form.elements.reason.value = "";
      await draw();
    });
  });
}
