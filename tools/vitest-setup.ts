import { useEngine } from "@relatum/tensor-utils/native";

// One engine for a whole test process: the fastest there is, or the one that RELATUM_ENGINE names.
await useEngine((process.env["RELATUM_ENGINE"] ?? "auto") as Parameters<typeof useEngine>[0]);
