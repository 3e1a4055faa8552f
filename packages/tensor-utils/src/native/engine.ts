/** The ways to compute: TensorFlow's library on a GPU or on the CPU, WebAssembly, plain JavaScript. */
export type EngineKind = "gpu" | "native" | "wasm" | "cpu";

/** The engine that computes from now on. */
export interface EngineInUse {
  readonly engine: EngineKind;
  /** One line for the user: which engine it is, and how to get a faster one. */
  readonly notice: string;
}
