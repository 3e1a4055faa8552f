import { defineConfig } from "vitest/config";

const conditions = ["@relatum/source"];

// Tests that install packages and train: minutes each, not part of `npm test`. `node tools/bootstrap.mjs slow publish`
// runs one.
export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  resolve: { conditions },
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["slow-tests/**/*.test.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    env: { TF_CPP_MIN_LOG_LEVEL: "2", DO_NOT_TRACK: "1", TURBO_TELEMETRY_DISABLED: "1" },
    reporters: process.env["CI"] ? ["default", ["json", { outputFile: "coverage/slow-tests.json" }]] : ["default"],
  },
});
