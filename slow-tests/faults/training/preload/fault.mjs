// Makes something happen just before one of the process's operations on the files of a folder. Loaded with --import.
// `RELATUM_FAULT` holds as JSON: { folder, at | match and nth, signal | fill }: before operation number `at`, or the nth
// whose description matches, the process sends itself a signal, half of a write being done, or fills the folder's disk up.
import fs, { appendFileSync, openSync, writeFileSync, writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const fault = JSON.parse(process.env.RELATUM_FAULT ?? "null");
const real = { appendFileSync, openSync, writeFileSync, writeSync };
const places = new WeakMap();
let count = 0;
let done = fault === null;

/** Tells whether the moment has come. */
function reached(operation, place) {
  if (done || typeof place !== "string" || !place.startsWith(fault.folder)) return false;
  const description = `${operation} ${place.slice(fault.folder.length + 1)}`;
  if (fault.match === undefined || new RegExp(fault.match).test(description)) count += 1;
  done = count === (fault.at ?? fault.nth ?? 1);
  if (done) writeSync(2, `fault: before ${description}\n`);
  return done;
}

/** Does what was asked for; `writeHalf` leaves a write half done where the process is killed at once. */
function happen(writeHalf) {
  if (fault.fill === undefined) {
    if (fault.signal === "SIGKILL") writeHalf?.();
    process.kill(process.pid, fault.signal);
    return;
  }
  const piece = Buffer.alloc(4096);
  const file = real.openSync(fault.fill, "w");
  try {
    for (;;) real.writeSync(file, piece);
  } catch (error) {
    if (error.code !== "ENOSPC") throw error;
  }
}

const half = (data) => data.slice(0, Math.floor(data.length / 2));

if (!done) {
  for (const name of ["mkdir", "mkdtemp", "rename", "rm", "writeFile"]) {
    const operation = fs.promises[name];
    fs.promises[name] = async (path, ...rest) => {
      if (reached(name, path)) happen(name === "writeFile" ? () => real.writeFileSync(path, half(rest[0])) : undefined);
      return operation(path, ...rest);
    };
  }
  const { open } = fs.promises;
  let prototype;
  fs.promises.open = async (path, flags, ...rest) => {
    if (reached("open", path)) happen();
    const file = await open(path, flags, ...rest);
    if (prototype === undefined) {
      prototype = Object.getPrototypeOf(file);
      for (const name of ["write", "writeFile", "appendFile", "sync"]) watchHandle(name);
    }
    places.set(file, path);
    return file;
  };
  function watchHandle(name) {
    const operation = prototype[name];
    prototype[name] = async function (data, ...rest) {
      if (reached(name, places.get(this))) {
        happen(name === "sync" ? undefined : () => real.writeSync(this.fd, half(data)));
      }
      return operation.call(this, data, ...rest);
    };
  }
  fs.appendFileSync = (path, data, ...rest) => {
    if (reached("append", path)) happen(() => real.appendFileSync(path, half(data)));
    return real.appendFileSync(path, data, ...rest);
  };
  syncBuiltinESMExports();
}
