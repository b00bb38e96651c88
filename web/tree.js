// Any value as a tree to read, and what differs between two of them.

import { el } from "./ui.js";

/** How many differences are told. 100: who wants more reads the tree. */
const CHANGES_MAX = 100;

/** How many entries of one list are shown at first. 60: the rest comes on demand. */
const ENTRIES_MAX = 60;

const isNode = (value) => value !== null && typeof value === "object";
const size = (node) => (Array.isArray(node) ? node.length : Object.keys(node).length);
const join = (path, key) => (path ? `${path}.${key}` : String(key));

/** A value that has no parts, in words. */
export const inWords = (value) => (value === undefined ? "nothing" : isNode(value) ? JSON.stringify(value) : value === null ? "none" : value === "" ? "empty" : String(value));

/** What differs: `{path, was, is}`, at most `CHANGES_MAX`; `was` or `is` is undefined where there was nothing. */
export function changes(was, is, path = "", found = []) {
  if (found.length >= CHANGES_MAX || was === is) return found;
  if (isNode(was) && isNode(is) && Array.isArray(was) === Array.isArray(is)) {
    for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) changes(was[key], is[key], join(path, key), found);
  } else found.push({ path, was, is });
  return found;
}

function leaf(key, value, changed) {
  return el("li", { class: changed ? "changed" : null }, el("span", { class: "key" }, `${key}: `), el("span", { class: `value ${typeof value}` }, inWords(value)), changed && el("span", { class: "unseen" }, ", changed"));
}

function branch(key, node, path, marked, depth) {
  const touched = [...marked].some((at) => at === path || at.startsWith(`${path}.`));
  const list = el("ul");
  const entries = Object.entries(node);
  const fill = (from, to) => list.append(...entries.slice(from, to).map(([name, value]) => entry(name, value, join(path, name), marked, depth + 1)));
  let drawn = false;
  const draw = () => {
    if (drawn) return;
    drawn = true;
    fill(0, ENTRIES_MAX);
    if (entries.length > ENTRIES_MAX) {
      const more = el("button", { type: "button", class: "quiet", onclick: () => { more.parentElement.remove(); fill(ENTRIES_MAX); list.children[ENTRIES_MAX].querySelector("summary")?.focus(); } }, `Show ${entries.length - ENTRIES_MAX} more`);
      list.append(el("li", {}, more));
    }
  };
  const open = depth < 1 || touched;
  const details = el("details", { open, ontoggle: () => details.open && draw() },
    el("summary", {}, el("span", { class: "key" }, key), el("small", {}, ` ${Array.isArray(node) ? "list" : "group"} of ${entries.length}${touched ? ", changed" : ""}`)), list);
  if (open) draw();
  return el("li", { class: touched ? "changed" : null }, details);
}

const entry = (key, value, path, marked, depth) => (isNode(value) && size(value) ? branch(key, value, path, marked, depth) : leaf(key, isNode(value) ? (Array.isArray(value) ? "none" : "nothing") : value, marked.has(path)));

/** `value` as nested lists that open and close; `marked` has the paths that changed. */
export function tree(value, marked = new Set()) {
  if (!isNode(value)) return el("p", { class: "tree" }, inWords(value));
  return el("ul", { class: "tree" }, ...Object.entries(value).map(([key, one]) => entry(key, one, key, marked, 0)));
}
