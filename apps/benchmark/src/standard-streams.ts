import { addAbortSignal } from "node:stream";

/** What a program reads and writes as long as there is something. */
export interface Streams {
  /** Ends, or throws, when the user asks to stop. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Writes a text and waits until it is taken; false once nobody reads any more. */
  write(text: string): Promise<boolean>;
}

/** Gives standard input and output; at the signal, reading ends with an error. */
export function standardStreams(signal: AbortSignal): Streams {
  return {
    input: addAbortSignal(signal, process.stdin),
    write: (text) =>
      new Promise((resolve, reject) => {
        process.stdout.write(text, (error) => {
          const code = (error as NodeJS.ErrnoException | null | undefined)?.code;
          if (error && code !== "EPIPE" && code !== "ERR_STREAM_DESTROYED") reject(error);
          else resolve(!error);
        });
      }),
  };
}
