#!/usr/bin/env node
// Stands for a Python that has the counterparts' packages: every script of it does the work as our own worker does.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

if (process.argv[2] !== "-c") {
  const flags = ["--conditions=@relatum/source", "--import", import.meta.resolve("tsx")];
  const worker = fileURLToPath(new URL("../worker.ts", import.meta.url));
  const child = spawn(process.execPath, [...flags, worker], { stdio: "inherit" });
  process.on("SIGTERM", () => child.kill());
  child.on("exit", (status) => process.exit(status ?? 0));
}
