import { defineConfig } from "vitest/config";

const conditions = ["@relatum/source"];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  resolve: { conditions },
  test: {
    include: ["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "tools/*.test.ts", "*.test.ts"],
    setupFiles: ["tools/vitest-setup.ts"],
    // Worker threads end in a segmentation fault once TensorFlow's library is loaded.
    pool: "forks",
    isolate: false,
    testTimeout: 180_000,
    env: { TF_CPP_MIN_LOG_LEVEL: "2" },
    reporters: process.env["CI"] ? ["default", ["json", { outputFile: "coverage/tests.json" }]] : ["default"],
    coverage: {
      provider: "v8",
      include: ["{packages,apps}/*/src/**/*.ts"],
      reporter: ["text-summary", "json-summary"],
    },
  },
});
