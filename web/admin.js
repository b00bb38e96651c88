// The administrator's page: which part of it is shown, and what happens if one may not see it.

import { Live } from "./live.js";
import { figures, leaveNow, showNow } from "./adminnow.js";
import { showAccounts, showBackups, showRooms, showTrail } from "./adminlists.js";
import { leaveRoom, showRoom } from "./adminroom.js";
import { $, announce, el, loginHere, say, start } from "./ui.js";

/** The parts of the page: what shows one, and what ends when another is shown. */
const VIEWS = {
  now: { show: showNow, leave: leaveNow },
  rooms: { show: showRooms },
  room: { show: showRoom, leave: leaveRoom },
  accounts: { show: showAccounts },
  backups: { show: showBackups },
  trail: { show: showTrail },
};
const LISTED = ["now", "rooms", "accounts", "backups", "trail"];

let shown = null;

/** What the address asks for: `?room=showing:…&at=17`, `?view=trail`, or the same behind `#`. */
function wanted() {
  const query = new URLSearchParams(location.search.length > 1 ? location.search : location.hash.slice(1));
  const view = query.get("room") ? "room" : query.get("view");
  return [Object.hasOwn(VIEWS, view) && (view !== "room" || query.get("room")) ? view : "now", query];
}

const titleOf = (view) => $(`#view-${view}`).dataset.title;

function links(view) {
  const at = view === "room" ? "rooms" : view;
  $("#views").replaceChildren(...LISTED.map((one) => el("a", { href: one === "now" ? "/admin" : `/admin?view=${one}`, "aria-current": one === at ? "page" : null }, titleOf(one))));
}

/** Shows what the address asks for. */
async function show(moved) {
  const [view, query] = wanted();
  if (shown !== view) VIEWS[shown]?.leave?.();
  shown = view;
  for (const one of Object.keys(VIEWS)) $(`#view-${one}`).hidden = one !== view;
  links(view);
  if (view !== "room") document.title = `${titleOf(view)} – Administration – Playhouse`;
  if (moved) $(`#view-${view} h2`).focus();
  try { await VIEWS[view].show(query); } catch (problem) { problem.status === 401 ? ended() : say(problem); }
}

/** Links of this page lead within it, without loading it anew. */
function walk(event) {
  const link = event.target.closest("a[href^='/admin']");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  show(true);
}

/** Says that the session is over, and where to go on. */
function ended() {
  $("#ended").hidden = false;
  $("#ended").replaceChildren("Your session has ended, or you are no administrator any more: what you see is as it was. ", el("a", { href: loginHere() }, "Log in again"));
}

function badge(state) {
  const mark = $("#connection");
  if (state !== mark.textContent && ["live", "offline"].includes(state)) announce(state === "live" ? "Connected" : "The connection was lost; trying again");
  mark.textContent = state;
  mark.className = `badge ${state}`;
  if (state === "ended") ended();
}

async function main() {
  const account = await start();
  if (!account) { location.replace(loginHere()); return; }
  if (account.role !== "admin") { $("#who").textContent = "This page is for administrators."; $("#connection").hidden = true; return; }
  $("#desk").hidden = false;
  $("main").addEventListener("click", walk);
  addEventListener("popstate", () => show(true));
  const live = new Live(badge);
  live.subscribe("admin:rooms", { view: figures, error: ended });
  await show(false);
}

main();
