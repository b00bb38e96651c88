// The presenter's desk: prepare polls, put them in order, run them.

import { all, get, getTagged, post, put } from "./api.js";
import { fill, fit, read as readPoll } from "./pollform.js";
import { run, watchPhases } from "./pollrun.js";
import { $, announce, el, say, start, submitting, toast } from "./ui.js";

let polls = [];
let series = [];
/** The poll and the series that the forms change; null for new ones. */
let editing = null;
let arranging = null;
/** The tag of the draft as it was when it was taken into the form. */
let tag = null;
/** The ids of the polls of the series that is being put in order. */
let order = [];

const pollOf = (id) => polls.find((poll) => poll.id === id);
const titleOf = (id) => pollOf(id)?.title ?? "A poll";

function quiet(label, about, work, id = null, disabled = false) {
  return el("button", { type: "button", class: "quiet", id, disabled, "aria-label": about ? `${label} ${about}` : null, onclick: () => Promise.resolve().then(work).catch(say) }, label);
}

async function goRun(id, within) {
  await run(id, within);
  $("#run").scrollIntoView({ block: "start" });
}

function listPolls() {
  $("#own").replaceChildren(...(polls.length ? [...polls].reverse().map((poll) => el("li", { "data-poll": poll.id },
    el("span", {}, poll.title, el("small", {}, ` ${poll.kind}, ${poll.phase}`)),
    quiet("Run", poll.title, () => goRun(poll.id)),
    poll.phase === "draft" && quiet("Edit", poll.title, () => edit(poll.id))))
    : [el("li", {}, "You have no polls yet: prepare one below.")]));
  const kept = $("#candidates").value;
  $("#candidates").replaceChildren(...polls.filter((poll) => !order.includes(poll.id)).map((poll) => el("option", { value: poll.id }, poll.title)));
  if (kept) $("#candidates").value = kept;
  $("#add").disabled = $("#candidates").options.length === 0;
}

/** Takes a draft into the form, as it is now. */
async function edit(id) {
  const [{ poll }, at] = await getTagged(`/api/polls/${id}`);
  fill(poll);
  [editing, tag] = [id, at];
  $("#poll-title").textContent = "Change poll";
  $("#poll").elements.title.focus();
}

async function editSeries(id) {
  const one = await get(`/api/series/${id}`);
  $("#series").reset();
  [arranging, order] = [id, [...one.polls]];
  $("#series").elements.title.value = one.title;
  $("#series-title").textContent = "Change series";
  arrange();
  $("#series").elements.title.focus();
}

function listSeries() {
  $("#all-series").replaceChildren(...(series.length ? [...series].reverse().map((one) => el("li", {},
    el("span", {}, one.title, el("small", {}, ` ${one.count} polls, code ${one.join_code ?? "is coming"}`)),
    quiet("Run", one.title, async () => {
      const at = one.current ?? one.polls[0];
      const now = one.current ? one : await post(`/api/series/${one.id}/go`, { poll_id: at });
      await goRun(at, now);
    }),
    quiet("Order", one.title, () => editSeries(one.id))))
    : [el("li", {}, "None yet.")]));
}

/** Shows the series that is being put in order; a moved poll keeps the focus on its button. */
function arrange(focus = null) {
  const move = (n, by) => () => {
    [order[n], order[n + by]] = [order[n + by], order[n]];
    announce(`${titleOf(order[n + by])} is number ${n + by + 1}`);
    arrange(`${by < 0 ? "up" : "down"}-${order[n + by]}`);
  };
  $("#order").replaceChildren(...order.map((id, n) => el("li", { "data-poll": id },
    el("span", {}, titleOf(id)),
    quiet("↑", `${titleOf(id)} earlier`, move(n, -1), `up-${id}`, n === 0),
    quiet("↓", `${titleOf(id)} later`, move(n, 1), `down-${id}`, n === order.length - 1),
    quiet("×", `Take out ${titleOf(id)}`, () => { order.splice(n, 1); arrange(); }))));
  $("#none").hidden = order.length > 0;
  listPolls();
  const wanted = focus && document.getElementById(focus);
  if (wanted) (wanted.disabled ? wanted.parentElement.querySelector("button:enabled") : wanted).focus();
}

async function read() {
  [polls, series] = await Promise.all([all("/api/polls"), all("/api/series")]);
  listPolls();
  listSeries();
}

async function save(form, path, id, body, match) {
  await (id ? put(`${path}/${id}`, body, match) : post(path, body));
  form.reset();
  toast("Saved.");
  await read();
}

/** Saves the poll. If somebody else changed it meanwhile nothing is lost: the form stays, and asks which of
 * the two is to hold. */
async function savePoll(form) {
  try { await save(form, "/api/polls", editing, readPoll(), tag); } catch (problem) {
    if (problem.code !== "stale_revision") throw problem;
    $("#conflict").hidden = false;
    $("#theirs").focus();
    announce($("#conflict p").textContent);
  }
}

/** The two ways out of a conflict: what is there now, or what the form holds. */
function conflicts() {
  $("#theirs").addEventListener("click", () => edit(editing).catch(say));
  $("#mine").addEventListener("click", async () => {
    try {
      [, tag] = await getTagged(`/api/polls/${editing}`);
      $("#conflict").hidden = true;
      $("#poll").requestSubmit();
    } catch (problem) { say(problem); }
  });
}

function forms() {
  conflicts();
  $("#poll").addEventListener("reset", () => {
    [editing, tag] = [null, null];
    $("#poll-title").textContent = "New poll";
    $("#poll .error").textContent = "";
    $("#conflict").hidden = true;
    setTimeout(fit);
  });
  $("#series").addEventListener("reset", () => { arranging = null; order = []; $("#series-title").textContent = "New series"; arrange(); });
  $("#add").addEventListener("click", () => { const id = $("#candidates").value; if (id) { order.push(id); arrange(); announce(`${titleOf(id)} is number ${order.length}`); } });
  $("#poll").addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(event.target, () => savePoll(event.target));
  });
  $("#series").addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(event.target, ({ title }) => save(event.target, "/api/series", arranging, { title, polls: order }));
  });
}

async function main() {
  const account = await start();
  if (!account) { location.replace("/login?next=/polls"); return; }
  if (account.role === "user") { $("#who").textContent = "This page is for organizers. Ask an administrator to make you one."; return; }
  $("#who").textContent = "Prepare them, put them in order, run them.";
  $("#desk").hidden = false;
  fit();
  forms();
  watchPhases(() => read().catch(say));
  await read().catch(say);
}

main();
