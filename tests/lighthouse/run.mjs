// Lighthouse's accessibility score of pages, in a browser that listens at a port and is logged in already.
// `node run.mjs PORT URL...` prints one line of JSON for each page and form factor:
// {"url","form","score","findings":["audit: snippet",…]}; the score is 0 to 100.

import desktop from "lighthouse/core/config/desktop-config.js";
import lighthouse from "lighthouse";

const [port, ...urls] = process.argv.slice(2);

/** What an audit that was not passed found, with the first three elements. */
const told = ({ id, details }) => `${id}: ${(details?.items ?? []).slice(0, 3).map(({ node }) => node?.snippet).join(" ")}`;

for (const url of urls) {
  for (const [form, config] of [["phone", undefined], ["desktop", desktop]]) {
    const flags = { port: Number(port), onlyCategories: ["accessibility"], output: "json", logLevel: "silent", disableStorageReset: true };
    const { lhr } = await lighthouse(url, flags, config);
    if (lhr.runtimeError) throw new Error(`${url}: ${lhr.runtimeError.message}`);
    // Who is not logged in is led to another page.
    if (lhr.finalDisplayedUrl !== url) throw new Error(`${url} led to ${lhr.finalDisplayedUrl}`);
    const { accessibility } = lhr.categories;
    const failed = accessibility.auditRefs.filter(({ weight }) => weight > 0).map(({ id }) => lhr.audits[id]).filter(({ score }) => score !== null && score < 1);
    console.log(JSON.stringify({ url, form, score: Math.round(accessibility.score * 100), findings: failed.map(told) }));
  }
}
process.exit(0);
