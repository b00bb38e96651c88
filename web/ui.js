// What every page has: header, toasts, announcements, small helpers for making elements.

import { logOut, me } from "./api.js";

/** Makes an element: `el("p", { class: "x" }, "text", child)`. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const $ = (selector, root = document) => root.querySelector(selector);

/** How many notes are seen at once: the oldest goes for a fourth. */
const TOASTS_MAX = 3;

/** Shows a note for a while; it is in a live region, so screen readers say it too. */
export function toast(text, kind = "info") {
  const note = el("p", { class: `toast ${kind}` }, text);
  const root = $("#toasts");
  [...root.children].filter((other) => other.textContent === text).forEach((other) => other.remove());
  while (root.children.length >= TOASTS_MAX) root.firstElementChild.remove();
  root.append(note);
  setTimeout(() => note.remove(), kind === "error" ? 8000 : 4000);
}

/** Says what went wrong. */
export const say = (problem) => toast(sentence(problem.message), "error");

/** Asks, in the dialog `#sure` of the page, before something that cannot be taken back; true if the answer is yes. */
export async function sure(title, text, yes) {
  const dialog = $("#sure");
  for (const [id, said] of [["#sure-title", title], ["#sure-text", text], ["#sure-yes", yes]]) $(id).textContent = said;
  dialog.returnValue = "no";
  dialog.showModal();
  await new Promise((closed) => { dialog.addEventListener("close", closed, { once: true }); });
  return dialog.returnValue === "yes";
}

/** How long after one thing was said to screen readers the next is, in milliseconds. */
const SAY_EVERY = 1000;
let said = null;
let saidAt = 0;
/** Says `text` to screen readers politely, at most once a second, the newest only. */
export function announce(text) {
  clearTimeout(said);
  said = setTimeout(() => { saidAt = Date.now(); $("#announce").textContent = text; }, Math.max(200, saidAt + SAY_EVERY - Date.now()));
}

/** A function that announces what `tell` returns, at most every `pause` milliseconds, and the newest at last. */
export function teller(tell, pause = 10_000) {
  let waits = null;
  let last = "";
  return () => {
    waits ??= setTimeout(() => {
      waits = null;
      const text = tell();
      if (text && text !== last) announce(text);
      last = text;
    }, pause);
  };
}

/** Says what went wrong in a form, beside the field that it speaks of where that is known. */
export async function submitting(form, work) {
  const error = $(".error", form);
  const button = $("button:not([type=button]):not([type=reset])", form);
  const had = form.contains(document.activeElement) ? document.activeElement : null;
  error.textContent = "";
  button.disabled = true;
  try {
    await work(Object.fromEntries(new FormData(form)));
  } catch (problem) {
    error.textContent = sentence(problem.message);
    const field = Object.keys(Object.fromEntries(new FormData(form))).find((name) => problem.code?.includes(name));
    (field && form.elements[field])?.focus();
  } finally {
    button.disabled = false;
    // A button that waits loses the focus.
    if (had && document.activeElement === document.body) had.focus();
  }
}

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
export const day = (text) => DAY.format(new Date(text));
export const time = (text) => TIME.format(new Date(text));
const STAMP = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const stamp = (text) => STAMP.format(new Date(text));
/** The local day of `date` as a date field has it. */
export const isoDay = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);

/** Fills the header; returns the account that is logged in, or null. */
export async function start() {
  let account = null;
  try { account = await me(); } catch (problem) { toast(sentence(problem.message), "error"); }
  const current = (href) => location.pathname === href ? "page" : location.pathname.startsWith(`${href}/`) ? "true" : null;
  const link = (href, text) => el("a", { href, "aria-current": current(href) }, text);
  const organizes = account && account.role !== "user";
  const top = $("#top");
  top.replaceChildren(
    el("a", { class: "logo", href: "/" }, el("img", { src: "/favicon.ico", alt: "", width: 28, height: 28 }), "Playhouse"),
    menuButton(top),
    el("div", { class: "places", id: "places" },
      el("nav", { "aria-label": "Main" }, link("/", "Programme"), account && link("/bookings", "Bookings"), link("/join", "Vote"), link("/games", "Games"), link("/tournaments", "Tournaments"), link("/contests", "Contests"), link("/playground", "Playground"), organizes && link("/organizer", "Organizer"), organizes && link("/polls", "Polls"), account?.role === "admin" && link("/admin", "Admin")),
      el("div", { class: "who" }, account
        ? el("button", { class: "quiet", type: "button", onclick: async () => { await logOut(); location.assign("/"); } }, `Log out ${account.username}`)
        : el("a", { class: "button", href: loginHere() }, "Log in"))),
  );
  return account;
}

/** Where to log in and come back to this page. */
export const loginHere = () => `/login?next=${encodeURIComponent(location.pathname + location.search)}`;

/** Opens and closes what has no room in the header of a narrow page. */
function menuButton(top) {
  const button = el("button", { type: "button", class: "menu quiet", "aria-expanded": "false", "aria-controls": "places" }, "Menu");
  const set = (open) => { top.classList.toggle("open", open); button.setAttribute("aria-expanded", String(open)); };
  button.addEventListener("click", () => set(!top.classList.contains("open")));
  top.onkeydown = (event) => { if (event.key === "Escape" && top.classList.contains("open")) { set(false); button.focus(); } };
  top.onfocusout = (event) => { if (event.relatedTarget && !top.contains(event.relatedTarget)) set(false); };
  return button;
}
