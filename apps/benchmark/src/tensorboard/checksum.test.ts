import { describe, expect, it } from "vitest";

import { crc32c, maskedChecksum } from "./checksum.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("crc32c", () => {
  it("gives the check values of RFC 3720 and of the polynomial", () => {
    expect(crc32c(bytes("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });
});

describe("maskedChecksum", () => {
  it("turns by 15 bits and adds a constant, modulo 2^32", () => {
    // 0xe3069283 turned right by 15 bits is 0x2507c60d; with 0xa282ead8 that is 0xc78ab0e5.
    expect(maskedChecksum(bytes("123456789"))).toBe(0xc78ab0e5);
  });
});
