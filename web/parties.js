// A party on the games page: making one, asking others in by name, code or link, who is in it and who leads it.
// Its leader looks for a match for all of them (`find.js`).

import { get, post, put, remove } from "./api.js";
import { counted } from "./ranks.js";
import { $, announce, el, loginHere, say, submitting, time } from "./ui.js";

/** How often it is asked for invitations, in ms: they come on no channel that this page could follow before. */
const AGAIN_MS = 5000;

let [account, live, changed] = [null, null, () => {}];
/** The party that one is in, as its channel says it; null if none. */
let party = null;
/** The parties that one was asked into. */
let asked = [];

const path = (id, what = "") => `/api/parties/${encodeURIComponent(id)}${what}`;
const leads = () => party?.leader === account.id;

/** The party for which a match is looked: `{ id, leads, leader, size }`, or null. */
export function myParty() {
  if (!party) return null;
  const leader = party.members.find((member) => member.account === party.leader);
  return { id: party.id, leads: leads(), leader: leader?.name ?? "", size: party.members.length };
}

/** Does `work` and shows what it led to; what has the focus then is `next`. */
async function act(work, next) {
  try { await work(); } catch (problem) { say(problem); }
  draw();
  $(next)?.focus();
}

function draw() {
  const focused = document.activeElement?.closest?.("[data-account]")?.dataset.account;
  $("#in-party").hidden = !party;
  $("#no-party").hidden = Boolean(party);
  $("#party-words").textContent = !party ? "Play with friends: make a party, or come into theirs."
    : `${counted(party.members.length, "person is", "people are")} in your party. ${leads() ? "You lead it: what you find, you find for all." : `${myParty().leader} leads it, and looks for a match for all.`}`;
  $("#invitations").replaceChildren(...asked.map(invitation));
  $("#invitations").hidden = asked.length === 0;
  if (party) {
    $("#members").replaceChildren(...party.members.map(member), ...party.invited.map(waits));
    $("#party-code").textContent = party.code ?? "";
    $("#party-invite").hidden = !leads();
  }
  if (focused) $(`[data-account="${CSS.escape(focused)}"] button`)?.focus();
  changed();
}

function invitation({ id, leader, members, invited_until: until }) {
  const item = `Party of ${leader}`;
  return el("li", {}, el("b", {}, item), el("span", { class: "counts" }, `${counted(members, "person is", "people are")} in it. You are asked in until ${time(until)}.`),
    el("span", { class: "row" },
      el("button", { type: "button", "aria-label": `Come in: ${item}`, onclick: () => act(async () => follow(await post(path(id, "/accept"))), "#party-leave") }, "Come in"),
      el("button", { type: "button", class: "quiet", "aria-label": `No, thanks: ${item}`, onclick: () => act(async () => { await post(path(id, "/leave")); await read(); }, "#party-make") }, "No, thanks")));
}

function member({ account: who, name }) {
  const own = who === account.id;
  const words = [who === party.leader && "leads", own && "you"].filter(Boolean).join(", ");
  return el("li", { "data-account": who, class: own ? "own" : null }, el("span", {}, name, words && ` (${words})`),
    leads() && !own && el("span", { class: "row" },
      el("button", { type: "button", class: "second", "aria-label": `Let lead: ${name}`, onclick: () => act(async () => take(await put(path(party.id, "/leader"), { account: who })), "#party-leave") }, "Let lead"),
      el("button", { type: "button", class: "quiet", "aria-label": `Send away: ${name}`, onclick: () => sendAway(who) }, "Send away")));
}

function waits({ account: who, name, until }) {
  return el("li", { "data-account": who }, el("span", {}, `${name} (asked in until ${time(until)})`),
    leads() && el("button", { type: "button", class: "quiet", "aria-label": `Take back the invitation of ${name}`, onclick: () => sendAway(who) }, "Take back"));
}

const sendAway = (who) => act(async () => take(await remove(path(party.id, `/members/${encodeURIComponent(who)}`))), "#party-invite input");

/** Takes in the party as it is now; one that is over, or was left, is none. */
function take(now) {
  const had = party?.members.length ?? 0;
  if (!now.open || !now.members.some((one) => one.account === account.id)) {
    if (party?.id !== now.id) return;
    live.unsubscribe(`party:${party.id}`);
    party = null;
    announce("You are in no party any more.");
  } else {
    party = now;
    if (had && had !== now.members.length) announce(`${counted(now.members.length, "person is", "people are")} in your party.`);
  }
  draw();
}

/** Follows `now` from here on: the party that one is in. */
function follow(now) {
  if (party?.id === now.id) { take(now); return; }
  if (party) live.unsubscribe(`party:${party.id}`);
  party = now;
  asked = asked.filter((row) => row.id !== now.id);
  const on = (part) => { if (party?.id === now.id) take({ ...party, ...part }); };
  live.subscribe(`party:${now.id}`, { view: on, change: on });
  draw();
}

/** Reads which parties there are; one is in one of them at most as far as this page goes. */
async function read() {
  const { items } = await get("/api/parties");
  const before = asked.length;
  asked = items.filter((row) => row.invited_until !== null);
  const mine = items.find((row) => row.invited_until === null);
  if (!party && mine) follow(await get(path(mine.id)));
  else if (!document.activeElement?.closest?.("#invitations")) draw();
  if (asked.length > before) announce(`${asked[asked.length - 1].leader} asks you into a party.`);
}

/** Says to a stranger who followed a party's link what it takes to come in. */
export function stranger() {
  if (!new URLSearchParams(location.search).has("party")) return;
  $("#party").hidden = false;
  $("#no-party").hidden = true;
  $("#party-words").replaceChildren(el("a", { href: loginHere() }, "Log in"), " to come into this party.");
}

/** Shows parties to `who`; `on` is called whenever theirs is another. */
export function parties(connection, who, on) {
  [account, live, changed] = [who, connection, on];
  $("#party").hidden = false;
  // A party may be about to get its code; its channel says so.
  $("#party-make").addEventListener("click", () => act(async () => { const made = await post("/api/parties"); if (made.members) follow(made); else await read(); }, "#party-invite input"));
  $("#party-leave").addEventListener("click", () => act(async () => { const { id } = party; await post(path(id, "/leave")); take({ id, open: false, members: [] }); }, "#party-make"));
  $("#party-copy").addEventListener("click", async () => {
    const link = `${location.origin}/games?party=${party.code}`;
    try { await navigator.clipboard.writeText(link); announce("The link is copied."); $("#party-link").textContent = "Copied."; } catch { $("#party-link").textContent = link; }
  });
  $("#party-join").addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(event.target, async ({ code }) => { follow(await post("/api/parties/join", { code })); event.target.reset(); $("#party-leave").focus(); });
  });
  $("#party-invite").addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(event.target, async ({ username }) => { take(await post(path(party.id, "/invitations"), { username: username.trim() })); event.target.reset(); announce(`${username} is asked in.`); });
  });
  // A link brings the code; whoever follows it still says yes.
  const code = new URLSearchParams(location.search).get("party");
  if (code) { $("#party-join").elements.code.value = code; $("#party-join button").focus(); }
  draw();
  read().catch(say);
  setInterval(() => { if (!document.hidden) read().catch(() => {}); }, AGAIN_MS);
}
