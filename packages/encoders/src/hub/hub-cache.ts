import { copyFile, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { chooseModelFiles } from "../weights/model-file-choice.ts";
import { ownName } from "./process-owner.ts";

const COMMIT = /^[0-9a-f]{40}$/;

/** One model in the Hugging Face cache: contents under their hashes, and a directory of links for each commit. */
export class HubCacheEntry {
  readonly directory: string;

  /**
   * Names the entry, which need not exist.
   *
   * @param id The model's name at the hub.
   */
  constructor(cache: string, id: string) {
    this.directory = join(cache, ["models", ...id.split("/")].join("--"));
  }

  /** The path of a content. */
  blob(hash: string): string {
    return join(this.directory, "blobs", hash);
  }

  /** The directory of a commit. */
  snapshot(commit: string): string {
    return join(this.directory, "snapshots", commit);
  }

  /** The directory of a branch, tag or commit; undefined if it is not there or lacks files. */
  async find(revision: string): Promise<string | undefined> {
    const commit = COMMIT.test(revision) ? revision : await this.#readReference(revision);
    if (commit === undefined) return undefined;
    const directory = this.snapshot(commit);
    const names = await readdir(directory).catch(() => []);
    // A link whose content was taken away does not count.
    const present = await Promise.all(names.map((name) => fileExists(join(directory, name))));
    return chooseModelFiles(names.filter((_, index) => present[index])) && directory;
  }

  /** Puts a content into the directory of a commit under its name. */
  async link(hash: string, commit: string, name: string): Promise<void> {
    const path = join(this.snapshot(commit), name);
    await mkdir(dirname(path), { recursive: true });
    try {
      await symlink(relative(dirname(path), this.blob(hash)), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
      // Windows allows links to some users only, and some disks have none.
      const copy = `${path}.${ownName()}.incomplete`;
      await copyFile(this.blob(hash), copy);
      await rename(copy, path);
    }
  }

  /** Notes which commit a branch or tag stands for. */
  async saveReference(revision: string, commit: string): Promise<void> {
    if (COMMIT.test(revision)) return;
    const path = join(this.directory, "refs", revision);
    await mkdir(dirname(path), { recursive: true });
    const unfinished = `${path}.${ownName()}.incomplete`;
    await writeFile(unfinished, commit);
    await rename(unfinished, path);
  }

  async #readReference(revision: string): Promise<string | undefined> {
    const text = await readFile(join(this.directory, "refs", revision), "utf8").catch(() => "");
    return COMMIT.test(text.trim()) ? text.trim() : undefined;
  }
}

/** Whether a path, or what it links to, exists. */
export async function fileExists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
