import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { HUB_URL } from "@huggingface/hub";
import { describe, expect, it } from "vitest";

import { hubSettings } from "./hub-settings.ts";

describe("hubSettings", () => {
  it("keeps to the places of Hugging Face's own tools, and to the library's hub", async () => {
    const settings = await hubSettings({}, {});

    expect(settings.hubCache).toBe(join(homedir(), ".cache", "huggingface", "hub"));
    expect(settings.cache).toBe(join(homedir(), ".cache", "relatum"));
    expect(settings.endpoint).toBe(HUB_URL);
    expect([settings.revision, settings.offline]).toEqual(["main", false]);
  });

  it("follows the environment", async () => {
    const base = { XDG_CACHE_HOME: "/x" };
    expect((await hubSettings({}, base)).hubCache).toBe(join("/x", "huggingface", "hub"));
    expect((await hubSettings({}, base)).cache).toBe(join("/x", "relatum"));
    expect((await hubSettings({}, { ...base, HF_HOME: "/h" })).hubCache).toBe(join("/h", "hub"));
    expect((await hubSettings({}, { ...base, HF_HOME: "/h", HF_HUB_CACHE: "/c" })).hubCache).toBe("/c");
    expect((await hubSettings({}, { ...base, RELATUM_CACHE: "/r" })).cache).toBe("/r");
    expect((await hubSettings({}, { HF_ENDPOINT: "http://mirror/hub/" })).endpoint).toBe("http://mirror/hub");
    expect((await hubSettings({}, { HF_HUB_OFFLINE: "1" })).offline).toBe(true);
    expect((await hubSettings({}, { HF_HUB_OFFLINE: "0" })).offline).toBe(false);
  });

  it("prefers its options to the environment", async () => {
    const environment = { HF_HUB_CACHE: "/c", HF_TOKEN: "hf_theirs", HF_HUB_OFFLINE: "1" };
    const settings = await hubSettings({ hubCache: "/mine", token: "hf_mine", offline: false }, environment);

    expect([settings.hubCache, settings.token, settings.offline]).toEqual(["/mine", "hf_mine", false]);
  });

  it("takes the token from HF_TOKEN, else from the file, else has none", async () => {
    const home = await mkdtemp(join(tmpdir(), "relatum-"));
    expect((await hubSettings({}, { HF_HOME: home })).token).toBeUndefined();

    await writeFile(join(home, "token"), "hf_file\n");
    expect((await hubSettings({}, { HF_HOME: home })).token).toBe("hf_file");
    expect((await hubSettings({}, { HF_TOKEN_PATH: join(home, "token") })).token).toBe("hf_file");
    expect((await hubSettings({}, { HF_HOME: home, HF_TOKEN: "hf_named" })).token).toBe("hf_named");
    expect((await hubSettings({ token: "" }, { HF_HOME: home })).token).toBeUndefined();
    await rm(home, { recursive: true });
  });

  it("refuses secrets that would come into messages, without showing them", async () => {
    const messageOf = (options: object, environment = {}): Promise<string> =>
      hubSettings(options, environment).then(
        () => "",
        (error: unknown) => (error as RangeError).message,
      );

    expect(await messageOf({}, { HF_TOKEN: "hf_sec\nret" })).toBe(
      "token must hold letters, digits and signs alone, got something else as character 7 of 10. Look at HF_TOKEN, or log in again.",
    );
    expect(await messageOf({ endpoint: "https://me:hunter2@hub.example" })).toBe(
      'endpoint must hold no name and no password, got "https://…@hub.example". Use the token (HF_TOKEN).',
    );
    expect(await messageOf({ endpoint: "me:hunter2@hub.example" })).not.toContain("hunter2");
    expect((await hubSettings({}, { HF_TOKEN: " hf_named\n" })).token).toBe("hf_named");
  });

  it("refuses a hub's address that is none, and a revision that would lead elsewhere", async () => {
    await expect(hubSettings({ endpoint: "mirror" }, {})).rejects.toThrow(
      'endpoint must be the address of a hub, got "mirror".',
    );
    for (const revision of ["../../x", "", "a//b", "/etc"]) {
      await expect(hubSettings({ revision }, {})).rejects.toThrow(
        `revision must be a branch, a tag or a commit, got "${revision}".`,
      );
    }
  });
});
