// Log in, or make an account and log in with it.

import { logIn, post } from "./api.js";
import { $, start, submitting } from "./ui.js";

// Only a path of this site: a link must not lead elsewhere.
const wanted = new URLSearchParams(location.search).get("next") || "/";
const next = /^\/(?![/\\])/.test(wanted) ? wanted : "/";

start();

$("#login").addEventListener("submit", (event) => {
  event.preventDefault();
  submitting(event.target, async ({ login, password }) => {
    await logIn(login, password);
    location.assign(next);
  });
});

$("#register").addEventListener("submit", (event) => {
  event.preventDefault();
  submitting(event.target, async ({ username, email, password }) => {
    await post("/api/accounts", { username, email, password });
    await logIn(username, password);
    location.assign(next);
  });
});
