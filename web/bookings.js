// One's bookings: cancel, pass on, and news about them as it comes.

import { all, now, post } from "./api.js";
import { Live } from "./live.js";
import { $, announce, day, el, sentence, start, time, toast } from "./ui.js";

const WORDS = { paid: "paid", refunding: "cancelled, refund under way", refunded: "cancelled and refunded" };
const NEWS = {
  booked: "Booked", payment_failed: "The payment failed for", refunded_late: "Paid too late, given back:", cancelled: "Cancelled",
  refunded: "Refunded", offered: "Offered to you:", offer_expired: "The offer ran out:", transferred_in: "Passed on to you:", transferred_out: "Passed on:",
};
const shown = new Set();

function say(problem) { toast(sentence(problem.message), "error"); }

function card(booking) {
  const open = booking.status === "paid";
  const name = el("input", { "aria-label": "New name", placeholder: "New name", maxlength: 80 });
  const cancel = el("button", { type: "button", class: "quiet", disabled: Date.parse(booking.cancel_until) < now(), onclick: async () => {
    cancel.disabled = true;
    try { await post(`/api/bookings/${booking.id}/cancel`); announce("Cancelled"); } catch (problem) { say(problem); }
    show();
  } }, "Cancel");
  const pass = el("button", { type: "button", class: "quiet", onclick: async () => {
    try { await post(`/api/bookings/${booking.id}/transfer`, { name: name.value }); toast("The name was changed."); } catch (problem) { say(problem); }
    show();
  } }, "Change name");
  return el("article", { class: `card ticket ${booking.status}` },
    el("h2", {}, el("a", { href: `/showings/${booking.showing_id}` }, booking.movie_title)),
    el("p", {}, `${day(booking.starts_at)}, ${time(booking.starts_at)} · ${booking.theater}, ${booking.screen_name}`),
    el("p", { class: "names" }, booking.seats.join(", ")),
    el("p", {}, `${booking.price} ${booking.currency}, ${WORDS[booking.status]}, in the name of ${booking.name}`),
    open && el("div", { class: "row" }, name, pass, cancel));
}

async function show() {
  const bookings = await all("/api/bookings");
  $("#bookings").replaceChildren(...(bookings.length ? bookings.map(card) : [el("p", {}, "No bookings yet. ", el("a", { href: "/" }, "See what is on."))]));
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
