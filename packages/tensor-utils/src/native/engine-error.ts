import type { EngineKind } from "./engine.ts";

/** An engine that cannot be used or installed; the message says what to do. */
export class EngineError extends Error {
  override readonly name = "EngineError";

  /** The engine that was asked for. */
  readonly engine: EngineKind;

  constructor(engine: EngineKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.engine = engine;
  }
}
