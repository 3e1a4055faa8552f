/** Bytes of one message of Google's protocol buffers. */
export type Message = readonly Uint8Array[];

/** The parts of a message, one after the other. */
export function message(...fields: readonly Message[]): Message {
  return fields.flat();
}

/** A field that holds text. */
export function textField(number: number, text: string): Message {
  return bytesField(number, new TextEncoder().encode(text));
}

/** A field that holds bytes. */
export function bytesField(number: number, bytes: Uint8Array): Message {
  return [varint(number * 8 + 2), varint(bytes.length), bytes];
}

/** A field that holds another message. */
export function messageField(number: number, inner: Message): Message {
  const length = inner.reduce((total, part) => total + part.length, 0);
  return [varint(number * 8 + 2), varint(length), ...inner];
}

/** A field that holds an integer, a truth value or a member of an enumeration. */
export function integerField(number: number, value: number): Message {
  return [varint(number * 8), varint(value)];
}

/** A field that holds a 32-bit floating-point number. */
export function floatField(number: number, value: number): Message {
  return [varint(number * 8 + 5), new Uint8Array(Float32Array.of(value).buffer)];
}

/** An entry of a field that maps text to messages. */
export function mapField(number: number, key: string, value: Message): Message {
  return messageField(number, message(textField(1, key), messageField(2, value)));
}

/** An entry of a field that maps text to text. */
export function textMapField(number: number, key: string, value: string): Message {
  return messageField(number, message(textField(1, key), textField(2, value)));
}

/** Joins the parts of a message. */
export function formatMessage(parts: Message): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Seven bits a byte, low ones first; a negative number as its 64-bit two's complement. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  if (value < 0) {
    for (let rest = BigInt.asUintN(64, BigInt(value)); rest > 0n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    bytes.push((bytes.pop() as number) & 127);
    return Uint8Array.from(bytes);
  }
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
