export { type EngineInUse, type EngineKind } from "./engine.ts";
export { EngineError } from "./engine-error.ts";
export { useEngine, type UseEngineOptions } from "./use-engine.ts";
