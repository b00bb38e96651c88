// REST: problems become errors, changes carry a key, and an access token is renewed in time.
// The access token lives in memory alone; the refresh token in a cookie that scripts cannot read.

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || `the server answered ${status}`);
    this.status = status;
    this.code = body.code || "unreachable";
    this.body = body;
  }
}

/** A UUID; `crypto.randomUUID` is missing on pages that came over plain HTTP from elsewhere. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

let access = null;
let renewing = null;
/** How much this machine's clock is behind the server's, in milliseconds. */
let offset = 0;

/** The server's time, in milliseconds. */
export const now = () => Date.now() + offset;

export function heardTime(text) {
  const at = Date.parse(text);
  if (!Number.isNaN(at)) offset = at - Date.now();
}

async function call(method, path, body, { key, match, bearer = access?.token, credentials = "same-origin" } = {}) {
  const headers = { accept: "application/json" };
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  if (key) headers["idempotency-key"] = key;
  if (match) headers["if-match"] = match;
  let response;
  try {
    response = await fetch(path, { method, headers, credentials, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Problem(0, { code: "unreachable", detail: "the server cannot be reached" });
  }
  const text = await response.text();
  let json = null;
  try {
    json = text ? JSON.parse(text) : null;
  } catch {
    json = { detail: text.slice(0, 200) };
  }
  if (!response.ok) throw new Problem(response.status, json || {});
  if (json && json.server_time) heardTime(json.server_time);
  return { status: response.status, json, tag: response.headers.get("etag") };
}

function keep(tokens) {
  access = { token: tokens.access_token, until: Date.now() + (tokens.expires_in - 30) * 1000 };
}

/** True if there is a session that can be gone on with. Asked once at a time. */
export function renew() {
  renewing ??= call("POST", "/api/sessions/refresh", {})
    .then(({ json }) => { keep(json); remember(true); return true; })
    .catch((problem) => {
      if (problem.status === 401) { access = null; remember(false); }
      return false;
    })
    .finally(() => { renewing = null; });
  return renewing;
}

// Whether a session may exist, so that strangers' pages do not ask for one each time.
function remember(open) {
  try {
    if (open) localStorage.setItem("session", "1");
    else localStorage.removeItem("session");
  } catch { /* Private windows may not keep anything; the session then lasts as long as the page. */ }
}

function mayHaveSession() {
  try { return localStorage.getItem("session") === "1"; } catch { return false; }
}

async function ready() {
  if (access && Date.now() < access.until) return;
  if (access || mayHaveSession()) await renew();
}

/** An access token that is still good, or null. */
export async function token() {
  await ready();
  return access?.token ?? null;
}

/** Asks once more after a renewal if the token was not good, and again if the server was busy. */
async function ask(method, path, body, key, match) {
  await ready();
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call(method, path, body, { key, match });
    } catch (problem) {
      if (problem.status === 401 && access && attempt === 0 && (await renew())) continue;
      const busy = problem.status === 503 || problem.status === 0;
      if (!busy || attempt >= 3 || (method !== "GET" && !key)) throw problem;
      const wait = (problem.body?.retry_after_s ?? 1) * 1000 * (0.5 + Math.random());
      await new Promise((resolve) => setTimeout(resolve, Math.min(wait, 5000)));
    }
  }
}

/** Asks once as whoever holds `bearer`, or as nobody in particular: of a voter's page. No cookie goes along. */
export const askAs = async (bearer, method, path, body, key) => (await call(method, path, body, { key, bearer: bearer ?? "", credentials: "omit" })).json;

/** Joins a poll or a series as this browser, which the server knows by a cookie for this path alone. */
export const joinPoll = async (request) => (await call("POST", "/api/polls/join", request, { bearer: "" })).json;

export const get = async (path) => (await ask("GET", path)).json;
/** As `get`, with the tag by which a change can say what it rests on. */
export const getTagged = async (path) => { const { json, tag } = await ask("GET", path); return [json, tag]; };
export const post = async (path, body = {}, key = newKey()) => (await ask("POST", path, body, key)).json;
export const postFull = (path, body = {}, key = newKey()) => ask("POST", path, body, key);
/** `match` is the tag of what the change rests on; without one it holds whatever is there. */
export const put = async (path, body, match = null, key = newKey()) => (await ask("PUT", path, body, key, match)).json;
export const patch = async (path, body) => (await ask("PATCH", path, body)).json;
export const remove = async (path, body, key = newKey()) => (await ask("DELETE", path, body, key)).json;

/** All pages of a list, at most `most` rows. */
export async function all(path, most = 500) {
  const items = [];
  let cursor = null;
  do {
    const url = new URL(path, location.origin);
    url.searchParams.set("limit", "200");
    if (cursor) url.searchParams.set("cursor", cursor);
    const page = await get(url.pathname + url.search);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor && items.length < most);
  return items;
}

export async function logIn(login, password) {
  const { json } = await call("POST", "/api/sessions", { login, password, cookie: true });
  keep(json);
  remember(true);
}

export async function logOut() {
  try { await remove("/api/sessions/current"); } finally { access = null; remember(false); }
}

/** The account that is logged in, or null. */
export async function me() {
  if (!(await token())) return null;
  try { return await get("/api/accounts/me"); } catch (problem) {
    if (problem.status === 401) return null;
    throw problem;
  }
}
