// What a voter's browser keeps: votes on their way, ballots, receipts. A page that may keep nothing
// remembers for as long as it is open.

/** How many receipts are kept, the newest: more than a day of polls. */
const RECEIPTS_MAX = 100;

const memory = new Map();

export function read(name) {
  try { return JSON.parse(localStorage.getItem(name)) ?? memory.get(name) ?? null; } catch { return memory.get(name) ?? null; }
}

export function write(name, value) {
  memory.set(name, value);
  try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* Then this page alone remembers. */ }
}

export function drop(name) {
  memory.delete(name);
  try { localStorage.removeItem(name); } catch { /* Then there was nothing. */ }
}

const isOf = (poll) => (one) => one.poll === poll.id && one.round === poll.round;

/** The receipt of the vote that this browser cast in this round of `poll`, or null. */
export const receiptOf = (poll) => (read("receipts") ?? []).find(isOf(poll))?.receipt ?? null;

/** Keeps a receipt, but not what was voted. */
export function keepReceipt(poll, receipt) {
  const others = (read("receipts") ?? []).filter((one) => !isOf(poll)(one));
  write("receipts", [...others, { poll: poll.id, round: poll.round, receipt }].slice(-RECEIPTS_MAX));
}

/** A personal code, until the browser is closed. */
export const code = {
  read(poll) { try { return sessionStorage.getItem(`code ${poll.id}`) ?? ""; } catch { return ""; } },
  write(poll, text) { try { sessionStorage.setItem(`code ${poll.id}`, text); } catch { /* It is typed again. */ } },
};
