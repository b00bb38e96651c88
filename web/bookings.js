// One's bookings: cancel, pass on, and news about them as it comes.

import { all, now, post } from "./api.js";
import { Live } from "./live.js";
import { $, announce, day, el, say, start, sure, time, toast } from "./ui.js";

const WORDS = { paid: "paid", refunding: "cancelled, refund under way", refunded: "cancelled and refunded" };
const NEWS = {
  booked: "Booked", payment_failed: "The payment failed for", refunded_late: "Paid too late, given back:", cancelled: "Cancelled",
  refunded: "Refunded", offered: "Offered to you:", offer_expired: "The offer ran out:", transferred_in: "Passed on to you:", transferred_out: "Passed on:",
};
const shown = new Set();
/** The bookings as they are drawn: by id, what was told of each, and its card. */
const cards = new Map();

function card(booking) {
  const open = booking.status === "paid";
  const name = el("input", { "aria-label": "New name", placeholder: "New name", maxlength: 80 });
  const cancel = el("button", { type: "button", class: "quiet", disabled: Date.parse(booking.cancel_until) < now(), onclick: async () => {
    if (!(await sure("Cancel this booking?", `${booking.seats.join(", ")} go back on sale, and ${booking.price} ${booking.currency} come back to you.`, "Cancel it"))) return;
    cancel.disabled = true;
    try { await post(`/api/bookings/${booking.id}/cancel`); announce("Cancelled"); } catch (problem) { say(problem); }
    await show().catch(say);
    $("h1").focus();
  } }, "Cancel …");
  const to = el("input", { "aria-label": "User name, if it goes to somebody with an account", placeholder: "User name, if any", maxlength: 32, autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  const pass = el("button", { type: "button", class: "quiet", onclick: async () => {
    const username = to.value.trim();
    try {
      await post(`/api/bookings/${booking.id}/transfer`, { name: name.value, ...(username ? { username } : {}) });
      toast(username ? `Passed on to ${username}.` : "The name was changed.");
    } catch (problem) { say(problem); return; }
    await show().catch(say);
    $("h1").focus();
  } }, "Pass on");
  return el("article", { class: `card ticket ${booking.status}` },
    el("h2", {}, el("a", { href: `/showings/${booking.showing_id}` }, booking.movie_title)),
    el("p", {}, `${day(booking.starts_at)}, ${time(booking.starts_at)} · ${booking.theater}, ${booking.screen_name}`),
    el("p", { class: "names" }, booking.seats.join(", ")),
    el("p", {}, `${booking.price} ${booking.currency}, ${WORDS[booking.status]}, in the name of ${booking.name}`),
    open && el("div", { class: "row" }, name, to, pass, cancel));
}

/** Draws what changed; another booking's news takes nobody's focus, and nothing that was typed. */
async function show() {
  const bookings = await all("/api/bookings");
  const text = ({ id }) => cards.get(id)?.text;
  const same = bookings.length === cards.size && bookings.every(text);
  const before = new Map(cards);
  for (const booking of bookings) if (text(booking) !== JSON.stringify(booking)) cards.set(booking.id, { text: JSON.stringify(booking), element: card(booking) });
  if (same && bookings.length) {
    for (const [id, { element }] of before) if (cards.get(id).element !== element) element.replaceWith(cards.get(id).element);
    return;
  }
  for (const id of before.keys()) if (!bookings.some((booking) => booking.id === id)) cards.delete(id);
  $("#bookings").replaceChildren(...(bookings.length ? bookings.map(({ id }) => cards.get(id).element) : [el("p", {}, "No bookings yet. ", el("a", { href: "/" }, "See what is on."))]));
}

function news(notices) {
  for (const notice of notices) {
    const key = JSON.stringify(notice);
    if (shown.has(key)) continue;
    shown.add(key);
    const link = el("a", { href: `/showings/${notice.showing_id}` }, notice.title);
    $("#news").prepend(el("p", { class: "notice" }, `${time(notice.at)} ${NEWS[notice.kind] || notice.kind} ${notice.seats.join(", ")} · `, link));
  }
  while ($("#news").children.length > 6) $("#news").lastElementChild.remove();
}

async function main() {
  const account = await start();
  if (!account) { location.replace("/login?next=/bookings"); return; }
  await show().catch(say);
  new Live().subscribe(`account:${account.id}`, {
    view: (view) => news([...(view.notices || [])].reverse()),
    change: (change) => { news(change.notices || []); show().catch(say); },
  });
}

main();
