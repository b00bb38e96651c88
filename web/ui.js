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

export function toast(text, kind = "info") {
  const note = el("p", { class: `toast ${kind}` }, text);
  $("#toasts").append(note);
  setTimeout(() => note.remove(), kind === "error" ? 8000 : 4000);
}

let said = null;
/** Says `text` to screen readers, at most once a second, the newest only. */
export function announce(text) {
  clearTimeout(said);
  said = setTimeout(() => { $("#announce").textContent = text; }, 400);
}

/** Says what went wrong in a form, beside the field that it speaks of where that is known. */
export async function submitting(form, work) {
  const error = $(".error", form);
  const button = $("button:not([type=button]):not([type=reset])", form);
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
  }
}

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
export const day = (text) => DAY.format(new Date(text));
export const time = (text) => TIME.format(new Date(text));
/** The local day of `date` as a date field has it. */
export const isoDay = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);

/** Fills the header; returns the account that is logged in, or null. */
export async function start() {
  let account = null;
  try { account = await me(); } catch (problem) { toast(sentence(problem.message), "error"); }
  const link = (href, text) => el("a", { href, "aria-current": location.pathname === href ? "page" : null }, text);
  const organizes = account && account.role !== "user";
  const next = encodeURIComponent(location.pathname);
  $("#top").replaceChildren(
    el("a", { class: "logo", href: "/" }, el("img", { src: "/favicon.ico", alt: "", width: 28, height: 28 }), "Playhouse"),
    el("nav", { "aria-label": "Main" }, link("/", "Programme"), account && link("/bookings", "Bookings"), organizes && link("/organizer", "Organizer")),
    el("div", { class: "who" }, account
      ? el("button", { class: "quiet", type: "button", onclick: async () => { await logOut(); location.assign("/"); } }, `Log out ${account.username}`)
      : el("a", { class: "button", href: `/login?next=${next}` }, "Log in")),
  );
  return account;
}
