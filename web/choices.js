// The ballot of each kind of poll, as a form for fingers and keys.

import { labels } from "./pollview.js";
import { announce, el } from "./ui.js";

/** The parts of the ballot of `poll`. `chosen` is what was voted, `open` says whether one may vote now,
 * `vote(what, extra)` votes, and `typed` is the name that was typed before. */
export function ballotForm(poll, chosen, open, vote, typed = "") {
  const name = poll.kind === "quiz" ? el("input", { name: "name", autocomplete: "nickname", maxlength: 24, "aria-label": "Your name, if you like", placeholder: "Your name, if you like", disabled: !open, value: typed }) : null;
  const send = (what) => vote(what, name?.value.trim() ? { name: name.value.trim() } : {});
  const kinds = { multiple, ranked, words };
  return [name, ...(kinds[poll.kind] ?? single)(poll, chosen, open, send)].filter(Boolean);
}

const choice = (label, pressed, open, onclick) => el("button", { type: "button", class: "choice", "aria-pressed": String(pressed), disabled: !open, onclick }, label);

function single(poll, chosen, open, send) {
  const first = poll.kind === "rating" ? 1 : 0;
  const buttons = labels(poll).map((label, n) => choice(poll.kind === "rating" ? `${label} ★` : label, chosen?.[0] === n + first, open, () => send([n + first])));
  return poll.kind === "rating" ? [el("div", { class: "stars", role: "group", "aria-label": "Rating, 5 is best" }, ...buttons)] : buttons;
}

function multiple(poll, chosen, open, send) {
  const picked = new Set(chosen ?? []);
  const submit = el("button", { disabled: true, onclick: () => send([...picked].sort((a, b) => a - b)) }, "Vote");
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
  const submit = el("button", { onclick: () => send([...order]) }, "Vote");
  const move = (n, by) => { [order[n], order[n + by]] = [order[n + by], order[n]]; show(); focus(n + by, by); };
  // What was moved keeps the focus, on the button that can still be pressed.
  const focus = (n, by) => {
    const buttons = ranking.children[n].querySelectorAll("button");
    const wanted = buttons[by < 0 ? 0 : 1];
    (wanted.disabled ? buttons[by < 0 ? 1 : 0] : wanted).focus();
    announce(`${poll.options[order[n]]} is number ${n + 1}`);
  };
  const small = (label, text, disabled, onclick) => el("button", { type: "button", class: "quiet", "aria-label": label, disabled: disabled || !open, onclick }, text);
  const show = () => {
    ranking.replaceChildren(...order.map((option, n) => el("li", {}, el("span", {}, `${n + 1}. ${poll.options[option]}`),
      small(`${poll.options[option]} up`, "↑", n === 0, () => move(n, -1)),
      small(`${poll.options[option]} down`, "↓", n === order.length - 1, () => move(n, 1)),
      small(`Take ${poll.options[option]} out`, "×", false, () => { const [out] = order.splice(n, 1); show(); rest.querySelector(`[data-option="${out}"]`).focus(); }))));
    rest.replaceChildren(...poll.options.map((label, n) => [label, n]).filter(([, n]) => !order.includes(n))
      .map(([label, n]) => {
        const button = choice(label, false, open, () => {
          order.push(n);
          show();
          (rest.querySelector("button") ?? submit).focus();
          announce(`${label} is number ${order.length}`);
        });
        button.dataset.option = n;
        return button;
      }));
    submit.disabled = !open || order.length === 0;
  };
  show();
  return [el("div", {}, ranking, rest), submit];
}

function words(poll, chosen, open, send) {
  const inputs = Array.from({ length: poll.max }, (_, n) => el("input", { maxlength: 25, "aria-label": `Word ${n + 1}`, placeholder: n ? "Another word" : "A word", disabled: !open, value: chosen?.[n] ?? "" }));
  const submit = el("button", { disabled: !open, onclick: () => {
    const said = inputs.map((input) => input.value.trim()).filter(Boolean);
    if (said.length) send(said);
  } }, "Send");
  return [...inputs, submit];
}
