// Loaded into Azurite before it starts. Each line on standard input moves Azurite's clock ahead by that many
// milliseconds; the end of standard input, which comes even if our parent was killed, ends Azurite.
"use strict";

const RealDate = Date;
let ahead = 0;
const now = () => RealDate.now() + ahead;

globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, args) => (args.length ? new target(...args) : new target(now())),
  get: (target, name) => (name === "now" ? now : target[name]),
});

const lines = require("node:readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  ahead += Number(line);
  process.stdout.write(`clock is ${ahead} ms ahead\n`);
});
lines.on("close", () => process.exit());
