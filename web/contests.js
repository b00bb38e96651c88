// The list of contests, and the form by which organizers make one.

import { get, post } from "./api.js";
import { $, day, el, isoDay, sentence, start, submitting, time } from "./ui.js";

/** How often the lists are read again, in ms. */
const AGAIN_MS = 15_000;

const lists = { running: [], upcoming: [], over: [], own: [] };
const when = (at) => `${day(at)}, ${time(at)}`;
const some = (n, one, more) => `${n} ${n === 1 ? one : more}`;

function facts(contest) {
  if (contest.organizes !== undefined) return contest.organizes ? "you made it" : "you take part";
  return [contest.scoring === "icpc" ? "by problems solved" : "by points", some(contest.problems, "problem", "problems"), some(contest.teams, "team", "teams")].join(", ");
}

const row = (contest) => el("li", { "data-id": contest.id }, el("a", { href: `/contests/${contest.id}` }, contest.title), el("span", { class: "when" }, when(contest.starts_at)), el("small", {}, facts(contest)));

function draw() {
  const focused = document.activeElement?.closest?.("[data-id]")?.dataset.id;
  const within = document.activeElement?.closest?.("ul")?.id;
  for (const [name, contests] of Object.entries(lists)) $(`#${name}`).replaceChildren(...contests.map(row));
  if (focused) $(`#${within} [data-id="${CSS.escape(focused)}"] a`)?.focus();
  const [on, next] = [lists.running.length, lists.upcoming.length];
  $("#summary").textContent = on || next ? `${on || "None"} ${on === 1 ? "runs" : "run"}, ${next || "none"} to come.` : "No contest is planned at the moment.";
}

let account = null;

async function read() {
  const page = async (state, limit) => (await get(`/api/contests?state=${state}&limit=${limit}`)).items;
  [lists.running, lists.upcoming, lists.over, lists.own] = await Promise.all([page("running", 100), page("upcoming", 100), page("over", 20), account ? get("/api/accounts/me/contests").then(({ items }) => items) : []]);
  $("#own-card").hidden = !lists.own.length;
  draw();
}

async function make({ title, scoring, starts_at, minutes, frozen, description }) {
  const starts = new Date(starts_at);
  const ends = new Date(starts.getTime() + Number(minutes) * 60_000);
  const freeze = Number(frozen) ? new Date(Math.max(starts.getTime(), ends.getTime() - Number(frozen) * 60_000)).toISOString() : null;
  const made = await post("/api/contests", { title, scoring, description, starts_at: starts.toISOString(), ends_at: ends.toISOString(), freeze_at: freeze });
  location.assign(`/contests/${made.id}`);
}

async function main() {
  account = await start();
  const form = $("#make");
  form.hidden = !account || account.role === "user";
  const soon = new Date(Date.now() + 3_600_000);
  form.elements.starts_at.value = `${isoDay(soon)}T${String(soon.getHours()).padStart(2, "0")}:00`;
  form.addEventListener("submit", (event) => { event.preventDefault(); submitting(form, make); });
  await read();
  setInterval(() => { if (!document.hidden) read().catch(() => {}); }, AGAIN_MS);
}

main().catch((problem) => { $("#summary").textContent = sentence(problem.message); });
