import { crc32 } from "node:zlib";

/** A zip archive with the files as they are, not compressed: what a Python wheel is. */
export function storedZip(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, text] of Object.entries(files)) {
    const [name, content] = [Buffer.from(path), Buffer.from(text)];
    const about = Buffer.alloc(26); // version, flags, method, time, date, CRC, two sizes, two lengths
    about.writeUInt16LE(20, 0);
    about.writeUInt16LE(0x21, 8); // 1 January 1980
    about.writeUInt32LE(crc32(content), 10);
    about.writeUInt32LE(content.length, 14);
    about.writeUInt32LE(content.length, 18);
    about.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14); // length of the comment, disk, attributes, offset
    place.writeUInt32LE(offset, 10);
    const body = Buffer.concat([Buffer.from("PK\x03\x04"), about, name, content]);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), about, place, name]));
    bodies.push(body);
    offset += body.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, list, Buffer.from("PK\x05\x06"), end]);
}

/** A wheel of the Python package `relatum-fault` 1.0 with the given files. */
export function faultWheel(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const info = "relatum_fault-1.0.dist-info";
  return storedZip({
    ...files,
    [`${info}/METADATA`]: "Metadata-Version: 2.1\nName: relatum-fault\nVersion: 1.0\n",
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    [`${info}/RECORD`]: "",
  });
}

/** The name of the {@link faultWheel}'s file. */
export const WHEEL_NAME = "relatum_fault-1.0-py3-none-any.whl";
