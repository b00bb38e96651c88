// The administrator's lists: stored rooms, accounts, backups, the trail of administrative acts.

import { get, patch, post, remove } from "./api.js";
import { draw, roomLink, table } from "./adminnow.js";
import { bytes, decimal } from "./figures.js";
import { $, announce, el, say, stamp, submitting, sure, toast } from "./ui.js";

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;

/** Which kind of room is behind which page. */
const PAGES = { showings: "showing", polls: "poll", series: "series" };

/** A list that grows by its `more` button: `row` draws one item, `into` puts the rows on the page. */
function growing(more, path, row, into) {
  let rows = [];
  let next = null;
  let wish = 0;
  const read = async (query, from) => {
    const mine = wish += 1;
    const page = await get(`${path}?${new URLSearchParams({ limit: "50", ...query, ...(from ? { cursor: from } : {}) })}`);
    if (mine !== wish) return;
    rows = [...(from ? rows : []), ...page.items.map(row)];
    next = page.next;
    into(rows);
    more.hidden = next === null;
    more.onclick = () => read(query, next).then(() => announce(`${rows.length} shown`)).catch(say);
  };
  return (query = {}) => read(query, null);
}

/** The room that was meant: by its name, its id with the chosen kind, or the address of its page. */
function roomOf(text, kind) {
  const wanted = text.trim();
  if (/^[a-z]+:\S+$/.test(wanted) && !wanted.includes("://")) return wanted;
  const [id] = wanted.match(UUID) ?? [];
  const page = wanted.match(/\/(showings|polls|series)\//)?.[1];
  if (id && (page || kind)) return `${PAGES[page] ?? kind}:${id.toLowerCase()}`;
  throw new Error(id ? "choose the kind of room below, or write it before the id, as in showing:0190c7e2-…" : "that names no room; names are like showing:0190c7e2-… or unique:username:ann");
}

const readStored = growing($("#stored-more"), "/api/admin/rooms/stored", (room) => el("li", {}, roomLink(room)),
  (rows) => draw($("#stored"), ...(rows.length ? rows : [el("li", {}, "There is no room of this kind.")])));

export async function showRooms(query) {
  const { kinds } = await get("/api/admin/rooms");
  const wanted = query.get("kind") ?? "";
  $("#kind").replaceChildren(el("option", { value: "" }, "all"), ...Object.keys(kinds).map((kind) => el("option", { value: kind }, kind)));
  $("#kind").value = Object.hasOwn(kinds, wanted) ? wanted : "";
  await readStored($("#kind").value ? { kind: $("#kind").value } : {});
}

$("#kind").addEventListener("change", ({ target: { value } }) => {
  history.replaceState(null, "", value ? `/admin?view=rooms&kind=${value}` : "/admin?view=rooms");
  readStored(value ? { kind: value } : {}).catch(say);
});

$("#find").addEventListener("submit", (event) => {
  event.preventDefault();
  submitting(event.target, async ({ room: text }) => {
    const field = event.target.elements.room;
    try {
      const link = el("a", { href: `/admin?room=${encodeURIComponent(roomOf(text, $("#kind").value))}` });
      field.removeAttribute("aria-invalid");
      event.target.append(link);
      link.click();
      link.remove();
    } catch (problem) {
      field.setAttribute("aria-invalid", "true");
      field.focus();
      throw problem;
    }
  });
});

const ROLES = ["user", "organizer", "admin"];

/** A row of the accounts; `own` is that of whoever looks, which nobody changes here. */
function accountRow(account) {
  const row = el("tr", { "data-account": account.id });
  const change = async (what, said) => {
    try {
      const next = await patch(`/api/admin/accounts/${account.id}`, what);
      row.replaceWith(accountRow(next));
      toast(said);
    } catch (problem) { role.value = account.role; say(problem); }
    $(`[data-account="${account.id}"] .${"role" in what ? "role" : "ban"}`)?.focus();
  };
  const role = el("select", { class: "role", "aria-label": `Role of ${account.username}`, onchange: async () => {
    const less = ROLES.indexOf(role.value) < ROLES.indexOf(account.role);
    const text = less ? `${account.username} may do less as ${role.value} than as ${account.role}, and is logged out everywhere.` : `${account.username} may do what ${role.value === "admin" ? "administrators may: everything" : "organizers may: movies, screens, showings and polls"}.`;
    if (await sure(`Make ${account.username} ${role.value === "user" ? "a user" : `an ${role.value}`}?`, text, "Change the role")) await change({ role: role.value }, `${account.username} is now ${role.value}.`);
    else { role.value = account.role; role.focus(); }
  } }, ...ROLES.map((name) => el("option", { value: name, selected: name === account.role }, name)));
  const ban = async () => {
    const [title, text, yes] = account.banned ? [`Let ${account.username} in again?`, "The account can log in again; its sessions stay closed.", "Let in"] : [`Ban ${account.username}?`, "The account is logged out everywhere at once and cannot log in. What it holds and has bought stays.", "Ban"];
    if (await sure(title, text, yes)) await change({ banned: !account.banned }, account.banned ? `${account.username} may log in again.` : `${account.username} is shut out.`);
  };
  row.append(el("th", { scope: "row" }, el("a", { href: `/admin?room=account:${account.id}` }, account.username)), el("td", {}, account.email), el("td", {}, role),
    el("td", {}, account.banned ? el("span", { class: "badge offline" }, "banned") : "no"),
    el("td", {}, el("button", { type: "button", class: "quiet ban", "aria-label": `${account.banned ? "Let in" : "Ban"} ${account.username}`, onclick: ban }, account.banned ? "Let in …" : "Ban …")));
  return row;
}

const readAccounts = growing($("#accounts-more"), "/api/admin/accounts", accountRow,
  (rows) => draw($("#accounts"), rows.length ? table(["Name", "E-mail", "Role", "Banned", "Act"], rows) : el("p", {}, "No name begins like that.")));

export async function showAccounts(query) {
  const name = query.get("name") ?? "";
  $("#search").elements.name.value = name;
  await readAccounts(name ? { name } : {});
}

$("#search").addEventListener("submit", (event) => {
  event.preventDefault();
  submitting(event.target, async ({ name: text }) => {
    const name = text.trim().toLowerCase();
    history.replaceState(null, "", `/admin?${new URLSearchParams({ view: "accounts", ...(name ? { name } : {}) })}`);
    await readAccounts(name ? { name } : {});
    const found = $("#accounts").querySelectorAll("tbody tr").length;
    announce(`${found}${$("#accounts-more").hidden ? "" : " or more"} ${found === 1 ? "account" : "accounts"}`);
  });
});

function backupRow({ name, at, bytes: size, entries }) {
  const drop = async () => {
    if (!(await sure("Delete this backup?", `${name} is deleted from this server for good. Copies elsewhere stay.`, "Delete"))) return;
    try {
      await remove(`/api/admin/backups/${encodeURIComponent(name)}`);
      toast("The backup is deleted.");
      await showBackups();
      $("#backup").focus();
    } catch (problem) { say(problem); }
  };
  return el("tr", {}, el("th", { scope: "row", class: "room" }, name), el("td", {}, stamp(at)), el("td", { class: "number" }, bytes(size)), el("td", { class: "number" }, decimal(entries)),
    el("td", {}, el("button", { type: "button", class: "quiet", "aria-label": `Delete ${name}`, onclick: drop }, "Delete …")));
}

export async function showBackups() {
  const { items } = await get("/api/admin/backups");
  draw($("#backups"), items.length ? table(["Name", "Made", "Size#", "Entries#", "Act"], items.map(backupRow)) : el("p", {}, "There is none yet."));
}

$("#backup").addEventListener("click", async ({ target }) => {
  target.disabled = true;
  $("#backup-facts").textContent = "Under way …";
  // Without a key: a repeat of what may have been made would make another.
  try {
    const { name, bytes: size } = await post("/api/admin/backups", {}, null);
    $("#backup-facts").textContent = `${name} was made, ${bytes(size)}.`;
    await showBackups();
  } catch (problem) {
    $("#backup-facts").textContent = "";
    say(problem);
  } finally {
    target.disabled = false;
    target.focus();
  }
});

function aboutOf(about) {
  if (!about) return "";
  return /^[a-z]+:/.test(about) ? roomLink(about) : about;
}

const actRow = ({ at, by, act, about, detail, outcome, code }) => el("tr", { class: outcome === "refused" ? "bad" : null },
  el("td", {}, el("time", { datetime: at }, stamp(at))), el("td", {}, by.account ? el("a", { href: `/admin?room=account:${by.account}` }, by.name) : by.name), el("td", {}, act),
  el("td", {}, aboutOf(about)), el("td", { class: "detail" }, detail ?? ""), el("td", {}, code ? `${outcome}: ${code}` : outcome));

const readActs = growing($("#acts-more"), "/api/admin/acts", actRow,
  (rows) => draw($("#acts"), rows.length ? table(["When", "Who", "What", "About", "Detail", "Outcome"], rows) : el("p", {}, "Nothing was done yet.")));

export const showTrail = () => readActs();
