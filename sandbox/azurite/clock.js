// Loaded into Azurite before it starts. Each line on standard input moves Azurite's clock ahead by that many
// milliseconds, or, behind "=", sets it to so many milliseconds since 1970. The end of standard input, which
// comes even if our parent was killed, ends Azurite; one that keeps its data on disk ends as on SIGTERM, so
// that all of it is written.
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
  ahead = line.startsWith("=") ? Number(line.slice(1)) - RealDate.now() : ahead + Number(line);
  process.stdout.write(`clock is ${ahead} ms ahead\n`);
});
lines.on("close", () => {
  if (process.argv.includes("--inMemoryPersistence")) process.exit();
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.exit(), 20000).unref(); // whoever keeps a connection open
});
