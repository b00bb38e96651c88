// The ballot of each kind of poll, as a form for fingers and keys.

import { labels } from "./pollview.js";
import { el } from "./ui.js";

/** The parts of the ballot of `poll`. `chosen` is what was voted, `open` says whether one may vote now,
 * and `vote(what, extra)` votes. */
export function ballotForm(poll, chosen, open, vote) {
  const code = poll.voters === "code" ? el("input", { name: "personal", autocomplete: "off", maxlength: 40, "aria-label": "Your personal code", placeholder: "Your personal code", disabled: !open }) : null;
  const name = poll.kind === "quiz" ? el("input", { name: "name", autocomplete: "nickname", maxlength: 24, "aria-label": "Your name, if you like", placeholder: "Your name, if you like", disabled: !open }) : null;
  const extra = () => ({ ...(code?.value ? { code: code.value } : {}), ...(name?.value.trim() ? { name: name.value.trim() } : {}) });
  const send = (what) => vote(what, extra());
  const kinds = { multiple, ranked, words };
  return [code, name, ...(kinds[poll.kind] ?? single)(poll, chosen, open, send)].filter(Boolean);
}

const choice = (label, pressed, open, onclick) => el("button", { type: "button", class: "choice", "aria-pressed": String(pressed), disabled: !open, onclick }, label);

function single(poll, chosen, open, send) {
  const first = poll.kind === "rating" ? 1 : 0;
  const buttons = labels(poll).map((label, n) => choice(poll.kind === "rating" ? `${label} ★` : label, chosen?.[0] === n + first, open, () => send([n + first])));
  return poll.kind === "rating" ? [el("div", { class: "stars", role: "group", "aria-label": "Rating" }, ...buttons)] : buttons;
}

function multiple(poll, chosen, open, send) {
  const picked = new Set(chosen ?? []);
  const submit = el("button", { type: "button", disabled: true, onclick: () => send([...picked].sort((a, b) => a - b)) }, "Vote");
  const show = () => {
    submit.disabled = !open || picked.size === 0 || picked.size > poll.max;
    submit.textContent = picked.size > poll.max ? `At most ${poll.max}` : "Vote";
    buttons.forEach((button, n) => button.setAttribute("aria-pressed", String(picked.has(n))));
  };
  const buttons = poll.options.map((label, n) => choice(label, picked.has(n), open, () => { picked.has(n) ? picked.delete(n) : picked.add(n); show(); }));
  show();
  return [...buttons, submit];
}

function ranked(poll, chosen, open, send) {
  const order = [...(chosen ?? [])];
  const ranking = el("ol", { class: "ranked", "aria-label": "Your ranking, best first" });
  const rest = el("div", { class: "ranked" });
  const submit = el("button", { type: "button", onclick: () => send(order) }, "Vote");
  const move = (n, by) => { [order[n], order[n + by]] = [order[n + by], order[n]]; show(); };
  const small = (label, text, disabled, onclick) => el("button", { type: "button", class: "quiet", "aria-label": label, disabled: disabled || !open, onclick }, text);
  const show = () => {
    ranking.replaceChildren(...order.map((option, n) => el("li", {}, el("span", {}, `${n + 1}. ${poll.options[option]}`),
      small(`${poll.options[option]} up`, "↑", n === 0, () => move(n, -1)),
      small(`${poll.options[option]} down`, "↓", n === order.length - 1, () => move(n, 1)),
      small(`Take ${poll.options[option]} out`, "×", false, () => { order.splice(n, 1); show(); }))));
    rest.replaceChildren(...poll.options.map((label, n) => [label, n]).filter(([, n]) => !order.includes(n))
      .map(([label, n]) => choice(label, false, open, () => { order.push(n); show(); })));
    submit.disabled = !open || order.length === 0;
  };
  show();
  return [ranking, rest, submit];
}

function words(poll, chosen, open, send) {
  const inputs = Array.from({ length: poll.max }, (_, n) => el("input", { maxlength: 25, "aria-label": `Word ${n + 1}`, placeholder: n ? "Another word" : "A word", disabled: !open, value: chosen?.[n] ?? "" }));
  const submit = el("button", { type: "button", disabled: !open, onclick: () => {
    const said = inputs.map((input) => input.value.trim()).filter(Boolean);
    if (said.length) send(said);
  } }, "Send");
  return [...inputs, submit];
}
