export { EngineError, type EngineKind } from "./engine-error.ts";
export { type EngineInUse, useEngine, type UseEngineOptions } from "./use-engine.ts";
