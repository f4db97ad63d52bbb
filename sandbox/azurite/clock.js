// Loaded into Azurite before it starts. A line on standard input moves Azurite's clock ahead by that number of
// milliseconds; after "=" it sets the clock to that number of milliseconds since 1970. Azurite stops when
// standard input ends, which also happens if our parent is killed. With data on disk it stops as on SIGTERM,
// so that all data is written.
"use strict";

const RealDate = Date;
let ahead = Number(process.env.SANDBOX_AHEAD_MS || 0);
const now = () => RealDate.now() + ahead;

globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, args) => (args.length ? new target(...args) : new target(now())),
  get: (target, name) => (name === "now" ? now : target[name]),
});

const lines = require("node:readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (!/^=?-?\d+$/.test(line)) return; // a command of faults.js
  ahead = line.startsWith("=") ? Number(line.slice(1)) - RealDate.now() : ahead + Number(line);
  process.stdout.write(`clock is ${ahead} ms ahead\n`);
});
lines.on("close", () => {
  if (process.argv.includes("--inMemoryPersistence")) process.exit();
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.exit(), 20000).unref(); // whoever keeps a connection open
});
