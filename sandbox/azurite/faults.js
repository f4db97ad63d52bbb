// Loaded into Azurite after clock.js by the chaos run. It opens a door to each service for each host: a server
// on an inherited socket, so that ports stay the same when Azurite is restarted. Faults happen at these doors.
// The file named by SANDBOX_FAULTS has the doors and the fault windows; what happens is appended to `record`.
// On the command "save" all connections are cut, and what was acknowledged is saved: then it may be killed.
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const net = require("node:net");
const Loki = require("lokijs");

const SERVICES = ["Blob", "Queue", "Table"]; // the order in which Azurite creates its servers
const ROW_KEY = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/;
const KILL_MS = 5000;
const plan = JSON.parse(fs.readFileSync(process.env.SANDBOX_FAULTS, "utf8"));
const record = fs.openSync(plan.record, "a");
const windows = plan.windows.map((window) => ({
  ...window,
  path: new RegExp(window.fault.path),
  method: window.fault.method === "*" ? /^/ : new RegExp(`^(?:${window.fault.method})$`),
  hits: 0,
}));
const databases = new Set();
const sockets = new Set();
let isDown = false;
let seed = plan.seed;

const configure = Loki.prototype.configureOptions; // called by each constructor
Loki.prototype.configureOptions = function (...args) {
  databases.add(this);
  return configure.apply(this, args);
};

const create = http.createServer;
const servers = [];
http.createServer = (...args) => {
  const server = create(...args);
  const service = SERVICES[servers.push(server) - 1];
  server.once("listening", () => plan.doors.filter((door) => door.service === service).forEach((door) => open(server, door)));
  return server;
};

require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  if (line !== "save") return;
  isDown = true;
  sockets.forEach((socket) => socket.destroy());
  const saves = [...databases].map((one) => new Promise((done) => one.saveDatabase(done)));
  Promise.all(saves).then(() => process.stdout.write("saved\n"));
});

function open(server, door) {
  const requests = create((request, response) => handle(server, door, request, response));
  requests.keepAliveTimeout = 0;
  requests.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  requests.listen({ fd: door.fd });
}

function handle(server, door, request, response) {
  if (isDown) return request.socket.destroy();
  const path = decodeURIComponent(request.url.split("?")[0]);
  const fault = nextFault(door.target, request.method, path);
  const isRow = path.includes("/meetings") && request.method !== "GET";
  const row = isRow ? rowOf(request, path) : () => "";
  const note = (kind, status) => write({ host: door.host, call: `${door.target} ${request.method} ${path}`, row: row(), kind, status });
  const pass = () => {
    if (isDown) return request.socket.destroy();
    if (isRow && (!fault || fault.action === "delay")) atEnd(response, () => note("", response.statusCode));
    server.emit("request", request, response);
  };
  if (!fault) return pass();
  if (fault.action === "delay") {
    note(fault.kind, 0);
    return setTimeout(pass, latency(fault.latency));
  }
  const act = () => {
    note(fault.kind, response.statusCode);
    if (fault.action === "kill") return kill(plan.leashes[door.host], () => request.socket.destroy());
    if (fault.action === "drop") return request.socket.destroy();
    answer(response, fault);
  };
  if (fault.effect === "after") {
    const end = response.end;
    response.write = () => true;
    response.end = () => {
      Object.assign(response, { end, write: http.ServerResponse.prototype.write });
      act();
      return response;
    };
    return pass();
  }
  request.on("data", () => {}).on("end", act);
}

// Calls `act` when the call has taken effect, before its answer is sent. The event "finish" may come after the host's
// next call, or never if the host was killed.
function atEnd(response, act) {
  const end = response.end;
  response.end = (...args) => {
    response.end = end;
    act();
    return response.end(...args);
  };
}

function answer(response, fault) {
  if (response.headersSent) return response.socket.destroy();
  response.getHeaderNames().forEach((name) => response.removeHeader(name));
  response.writeHead(fault.status, Object.fromEntries(fault.headers));
  response.end(fault.body);
}

// Watches the body as the parser hands it on, without reading it before Azurite does.
function rowOf(request, path) {
  let text = path;
  const push = request.push;
  request.push = function (chunk, ...rest) {
    if (chunk) text += chunk.toString();
    return push.call(this, chunk, ...rest);
  };
  return () => (ROW_KEY.exec(text) || [""])[0];
}

function nextFault(target, method, path) {
  const now = (Date.now() - plan.started_ms) / 1000;
  for (const window of windows) {
    const { fault, start, duration, limit } = window;
    if (fault.target !== target || now < start || now >= start + duration) continue;
    if (!window.path.test(path) || !window.method.test(method)) continue;
    if (limit !== null && window.hits >= limit) continue;
    if (chance() >= window.probability) continue;
    window.hits += 1;
    return fault;
  }
  return null;
}

// Kills a host: the process that listens at this path ends when somebody connects.
function kill(path, done) {
  const leash = net.connect(path);
  leash.setTimeout(KILL_MS, () => leash.destroy());
  leash.on("error", () => {}).on("close", done);
}

function latency([median, p99]) {
  const normal = Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
  return median * Math.exp((normal * Math.log(p99 / median)) / 2.326);
}

function chance() {
  // mulberry32
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}

function write(entry) {
  fs.writeSync(record, `${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);
}
