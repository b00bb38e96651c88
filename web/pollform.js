// The form that prepares a poll: it asks only for what the chosen kind has.

import { $, el } from "./ui.js";

const form = $("#poll");
const fields = form.elements;

const lines = () => fields.options.value.split("\n").map((line) => line.trim()).filter(Boolean);

/** Shows what belongs to the chosen kind; what is not shown is not sent. */
export function fit() {
  const kind = fields.kind.value;
  for (const part of form.querySelectorAll("[data-for]")) {
    const wanted = part.dataset.for.split(" ").includes(kind);
    part.hidden = !wanted;
    if (part.tagName === "OPTION") part.disabled = !wanted;
    else for (const field of part.querySelectorAll("input, select, textarea")) field.disabled = !wanted;
  }
  fields.seconds.required = kind === "quiz";
  // A secret poll shows nothing while it is open, and must know who may vote.
  const secret = fields.secret.checked && !fields.secret.disabled;
  for (const [field, option, instead] of [[fields.results, "live", "after_close"], [fields.voters, "anyone", "device"]]) {
    const never = field.querySelector(`[value=${option}]`);
    never.disabled = secret || never.hidden;
    if (never.disabled && field.value === option) field.value = instead;
  }
  const right = fields.right.value;
  fields.right.replaceChildren(...lines().map((line, n) => el("option", { value: n }, line)));
  if (right && fields.right.options[Number(right)]) fields.right.value = right;
}

/** The request that the form stands for. */
export function read() {
  const kind = fields.kind.value;
  const body = { title: fields.title.value, kind, voters: fields.voters.value, results: fields.results.value, questions: fields.questions.value };
  if (!fields.options.disabled) body.options = lines();
  if (!fields.max.disabled) body.max = Number(fields.max.value);
  if (!fields.right.disabled && fields.right.value !== "") body.right = Number(fields.right.value);
  if (!fields.change.disabled) Object.assign(body, { change: fields.change.checked, secret: fields.secret.checked });
  if (fields.seconds.value) body.seconds = Number(fields.seconds.value);
  return body;
}

/** Puts a poll that was prepared before into the form. */
export function fill(poll) {
  form.reset();
  for (const name of ["title", "kind", "voters", "results", "questions"]) fields[name].value = poll[name];
  fields.options.value = poll.options.join("\n");
  fields.seconds.value = poll.seconds ?? "";
  if (poll.kind === "multiple" || poll.kind === "words") fields.max.value = poll.max;
  fields.change.checked = poll.change;
  fields.secret.checked = poll.secret;
  fit();
  if (poll.right !== null && poll.kind === "quiz") fields.right.value = String(poll.right);
}

form.addEventListener("input", fit);
