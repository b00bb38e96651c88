// One showing: choose seats, hold them, pay, all while others do the same.

import { get, heardTime, newKey, now, post, postFull, remove } from "./api.js";
import { Live } from "./live.js";
import { SeatMap } from "./seatmap.js";
import { $, announce, day, el, say, sentence, start, time, toast } from "./ui.js";

const id = location.pathname.split("/").pop();
const path = `/api/showings/${id}`;
let account = null;
let mine = { holds: [], bookings: [], waits: [] };
let totals = null;
let showing = null;
let paying = null;
/** The seats of the hold that is being asked for: whether somebody was faster its answer tells. */
let asking = [];
/** What the focus goes to once it is there: what was done has taken the button away that had it. */
let next = null;
/** What was typed and chosen for the best seats, kept when the desk is drawn anew. */
const wish = { count: "2", kind: "" };
/** How many seats may be asked for at once, as the server says. */
const TOGETHER_MAX = 20;
/** The test payment that was chosen for each hold. */
const tokens = new Map();

const map = new SeatMap($("#seats"), () => desk());

function counts(next) {
  totals = next;
  const held = totals.held ? `, ${totals.held} on hold and may return` : "";
  $("#counts").textContent = `${totals.free} of ${totals.total} seats free${held}.`;
}

function head(view) {
  showing = view.showing;
  document.title = `${showing.movie_title} – Playhouse`;
  $("#title").textContent = showing.movie_title;
  $("#where").textContent = `${day(showing.starts_at)}, ${time(showing.starts_at)} · ${showing.theater}, ${showing.screen_name}`;
  const kinds = Object.entries(showing.prices).map(([kind, price]) => el("li", {}, el("i", { class: `seat ${kind} free` }), `${kind} ${price} ${showing.currency}`));
  const states = [["held", "on hold", "◔"], ["sold", "sold", "×"], ["blocked", "not on sale", "–"], ["mine", "yours", "✓"]];
  $("#legend").replaceChildren(...kinds, ...states.map(([state, word, shape]) => el("li", {}, el("i", { class: `seat ${state}` }, shape), word)));
}

async function readMine() {
  if (!account) return;
  const seen = await get(`${path}/seats`);
  mine = seen.mine || mine;
  map.own([...mine.holds, ...mine.bookings.filter((b) => b.status === "paid")].flatMap((x) => x.seats));
  desk();
}

const soon = (() => {
  let timer = null;
  return () => { clearTimeout(timer); timer = setTimeout(() => readMine().catch(say), 150); };
})();

/** Does `work` while `button` waits; the focus goes back to it, or on to what the work names as `next`. */
async function act(button, work) {
  button.disabled = true;
  next = button.id;
  try { await work(); } catch (problem) {
    if (problem.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
    say(problem);
  } finally {
    button.disabled = false;
    refocus();
    soon();
  }
}

/** Gives the focus to what is `next`, unless somebody took it elsewhere meanwhile. */
function refocus() {
  if (!next || document.activeElement !== document.body) { next = null; return; }
  const wanted = document.getElementById(next);
  if (wanted && !wanted.disabled) { wanted.focus(); next = null; }
}

function hold(want, key = newKey()) {
  return (event) => act(event.currentTarget, async () => {
    const wanted = want();
    asking = wanted.seats ?? [];
    try {
      const held = await post(`${path}/holds`, wanted, key);
      heardTime(held.server_time);
      map.clear();
      mine.holds.push(held);
      map.own([...mine.holds, ...mine.bookings].flatMap((x) => x.seats));
      announce(`Held ${held.seats.join(", ")}`);
      next = `pay-${held.hold_id}`;
    } finally { asking = []; }
    desk();
  });
}

/** Says which of the chosen seats somebody else took. */
function lose(seats) {
  const lost = seats.filter((seat) => !asking.includes(seat) && !mine.holds.some((held) => held.seats.includes(seat)));
  if (!lost.length) return;
  toast(`${lost.join(", ")} ${lost.length === 1 ? "is" : "are"} no longer free: somebody was faster.`);
  desk();
}

function chooser() {
  const chosen = map.chosen;
  const kinds = Object.keys(showing?.prices || {});
  const count = el("input", { type: "number", min: 1, max: TOGETHER_MAX, value: wish.count, id: "party", required: true, "aria-label": "How many seats together", oninput: () => { wish.count = count.value; } });
  const kind = el("select", { id: "kind", "aria-label": "Kind of seat", onchange: () => { wish.kind = kind.value; } }, el("option", { value: "" }, "any kind"), ...kinds.map((k) => el("option", { value: k }, k)));
  kind.value = wish.kind;
  const take = hold(() => ({ best: Number(count.value), ...(kind.value ? { kind: kind.value } : {}) }));
  if (!account) return el("p", {}, el("a", { class: "button", href: `/login?next=${encodeURIComponent(location.pathname)}` }, "Log in to take seats"));
  return el("div", { class: "card" },
    el("h2", {}, "Take seats"),
    chosen.length
      ? el("div", {}, el("p", {}, `${chosen.join(", ")}: ${map.price(chosen).toFixed(2)} ${showing.currency}`), el("button", { type: "button", id: "hold", onclick: hold(() => ({ seats: chosen })) }, `Hold ${chosen.length} ${chosen.length === 1 ? "seat" : "seats"}`))
      : el("p", {}, "Choose seats in the map, or let us choose the best together."),
    el("div", { class: "row" }, count, kind, el("button", { type: "button", class: "second", id: "best", onclick: (event) => { if (count.reportValidity()) take(event); } }, "Best seats")),
    totals && totals.free === 0 && !mine.waits.length
      ? el("button", { type: "button", class: "second", id: "wait", onclick: (event) => count.reportValidity() && act(event.currentTarget, async () => { await post(`${path}/waitlist`, { count: Number(count.value) }); toast("You are on the wait list. Offers come here."); }) }, "Wait for seats that come back")
      : null);
}

function holdCard(held) {
  const left = el("strong", { class: "countdown", role: "timer", "data-until": held.until }, " ");
  const token = el("select", { "aria-label": "Test payment", id: `token-${held.hold_id}`, onchange: () => tokens.set(held.hold_id, token.value) },
    ...[["ok", "Test payment: succeeds"], ["declined", "Test payment: is declined"], ["late:3", "Test payment: answers after 3 s"], ["hang", "Test payment: hangs"]].map(([value, text]) => el("option", { value }, text)));
  token.value = tokens.get(held.hold_id) ?? "ok";
  if (paying === held.hold_id) token.disabled = true;
  const pay = el("button", { type: "button", class: "pay", id: `pay-${held.hold_id}`, disabled: paying === held.hold_id, onclick: (event) => {
    paying = held.hold_id;
    act(event.currentTarget, async () => {
      try {
        const { status, json } = await postFull(`${path}/holds/${held.hold_id}/purchase`, { payment_token: token.value });
        toast(status === 202 ? "The payment takes longer. You will find the outcome under Bookings." : `Booked ${json.seats.join(", ")}. Enjoy the show!`);
        next = status === 202 ? "best" : `booking-${json.id}`;
      } finally { paying = null; }
    });
  } }, `Pay ${held.price} ${held.currency}`);
  return el("div", { class: "card hold" },
    el("h2", {}, held.offer ? "Offered to you" : "Held for you"),
    el("p", { class: "names" }, held.seats.join(", ")), el("p", {}, "for another ", left),
    token, pay,
    el("div", { class: "row" },
      el("button", { type: "button", class: "quiet", id: `more-${held.hold_id}`, disabled: held.extended, onclick: (event) => act(event.currentTarget, async () => { await post(`${path}/holds/${held.hold_id}/extend`); }) }, held.extended ? "Extended" : "More time"),
      el("button", { type: "button", class: "quiet", id: `back-${held.hold_id}`, onclick: (event) => act(event.currentTarget, async () => { await remove(`${path}/holds/${held.hold_id}`); announce("Given back"); next = "best"; }) }, "Give back")));
}

let shown = "";

/** Shows the desk anew if something about it changed; what has the focus keeps it. */
function desk() {
  const state = JSON.stringify([mine, map.chosen, totals?.free === 0, paying, Boolean(account), showing?.id]);
  if (state === shown) return;
  shown = state;
  const had = $("#desk").contains(document.activeElement) ? document.activeElement : null;
  const bookings = mine.bookings.filter((booking) => booking.status === "paid");
  $("#desk").replaceChildren(
    ...mine.holds.map(holdCard),
    chooser(),
    ...mine.waits.filter((wait) => !wait.offered).map((wait) => el("div", { class: "card" }, el("h2", {}, "Wait list"), el("p", {}, `${wait.count} together, place ${wait.position}`), el("button", { type: "button", class: "quiet", id: `leave-${wait.wait_id}`, onclick: (event) => act(event.currentTarget, async () => { await remove(`${path}/waitlist/${wait.wait_id}`); next = "best"; }) }, "Leave the list"))),
    ...bookings.map((booking) => el("div", { class: "card booked" }, el("h2", {}, "Yours"), el("p", { class: "names" }, booking.seats.join(", ")), el("a", { href: "/bookings", id: `booking-${booking.id}` }, "See booking"))));
  // What had the focus keeps it; where it is gone, the best seats are what is left to do.
  if (had && !(next && document.getElementById(next))) (document.getElementById(had.id) ?? $("#best"))?.focus();
  refocus();
  tick();
}

function tick() {
  for (const timer of document.querySelectorAll(".countdown")) {
    const left = Math.max(0, Math.ceil((Date.parse(timer.dataset.until) - now()) / 1000));
    timer.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    timer.classList.toggle("short", left <= 20);
    if (left === 0) soon();
  }
}

function zoom(by) {
  const root = $("#seats");
  const size = Math.min(3, Math.max(1, Number(root.dataset.size || 1.75) + by));
  root.dataset.size = size;
  root.style.setProperty("--seat", `${size}rem`);
}

/** Shows the page's address as phones reach it, as a picture and as a link. */
async function share() {
  try {
    const answer = await fetch(`${path}/qr.svg`);
    if (!answer.ok) throw new Error("the picture could not be loaded");
    const picture = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
    const link = $("title", picture).textContent;
    $("#qr").replaceChildren(picture);
    $("#link").href = $("#link").textContent = link;
    $("#local").hidden = !/^(localhost|127\.|\[::1\])/.test(new URL(link).host);
    $("#phone").showModal();
  } catch (problem) { say(problem); }
}

async function main() {
  $("#zoom-in").addEventListener("click", () => zoom(0.25));
  $("#zoom-out").addEventListener("click", () => zoom(-0.25));
  $("#as-list").addEventListener("click", (event) => {
    const list = $("#seats").classList.toggle("list");
    event.target.setAttribute("aria-pressed", String(list));
  });
  account = await start();
  $("#share").addEventListener("click", share);
  try {
    const seen = await get(`${path}/seats`);
    heardTime(seen.server_time);
    head(seen);
    $("#share").hidden = false;
    counts(seen.seats);
    map.show(seen);
    await readMine();
    desk();
  } catch (problem) {
    $("#title").textContent = problem.status === 404 ? "There is no such showing" : sentence(problem.message);
    $(".house").hidden = true;
    return;
  }
  const live = new Live((state) => { const badge = $("#connection"); badge.textContent = state; badge.className = `badge ${state}`; });
  live.subscribe(`showing:${id}`, {
    view: (view) => { head(view); counts(view.seats); lose(map.show(view)); soon(); },
    change: ({ seats, totals: left }) => {
      counts(left);
      lose(map.change(seats));
      if (mine.waits.length || mine.holds.length) soon();
    },
  });
  if (account) live.subscribe(`account:${account.id}`, { change: () => soon() });
  setInterval(tick, 250);
}

main();
