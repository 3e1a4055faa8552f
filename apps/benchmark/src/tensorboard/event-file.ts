import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { maskedChecksum } from "./checksum.ts";

/** Values at one step of a run, by tag. */
export interface ScalarEvent {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly step: number;
  /** Tags with a slash stand in groups. */
  readonly scalars: Readonly<Record<string, number>>;
}

/** The version that TensorBoard expects at the start. */
const FILE_VERSION = "brain.Event:2";

/** Wire types of protocol buffers. */
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** Appends scalars to an event file of TensorBoard, each at once, so that a killed run keeps its curves. */
export class EventFile {
  readonly #path: string;

  /**
   * Begins a file, in place of one that is there.
   *
   * @param path Its name must hold `tfevents` for TensorBoard to find it.
   * @param time Milliseconds since 1970.
   */
  constructor(path: string, time: number) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, formatRecord(Buffer.concat([formatTime(time), bytesField(3, Buffer.from(FILE_VERSION))])));
  }

  /** Writes values at one step. */
  write(event: ScalarEvent): void {
    appendFileSync(this.#path, formatRecord(formatEvent(event)));
  }
}

/** An `Event` of TensorFlow's event.proto with a summary of scalars. */
function formatEvent({ time, step, scalars }: ScalarEvent): Buffer {
  const values = Object.entries(scalars).map(([tag, value]) => {
    const number = Buffer.alloc(4);
    number.writeFloatLE(value);
    return bytesField(1, Buffer.concat([bytesField(1, Buffer.from(tag)), key(2, FIXED_32), number]));
  });
  return Buffer.concat([formatTime(time), key(2, VARINT), varint(step), bytesField(5, Buffer.concat(values))]);
}

function formatTime(milliseconds: number): Buffer {
  const seconds = Buffer.alloc(8);
  seconds.writeDoubleLE(milliseconds / 1000);
  return Buffer.concat([key(1, FIXED_64), seconds]);
}

/** A record of a TFRecord file: length, its checksum, the bytes, their checksum. */
function formatRecord(bytes: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([length, checksum(length), bytes, checksum(bytes)]);
}

function checksum(bytes: Buffer): Buffer {
  const written = Buffer.alloc(4);
  written.writeUInt32LE(maskedChecksum(bytes));
  return written;
}

function bytesField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([key(field, BYTES), varint(bytes.length), bytes]);
}

function key(field: number, wireType: number): Buffer {
  return varint((field << 3) | wireType);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}
