import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { loadToyAdapter, TOY_SENTENCE_ADAPTER, toyContext } from "../__fixtures__/toy-context.ts";
import type { CommandContext } from "../command-context.ts";
import { reportCommand } from "../commands/report.ts";
import { trainCommand } from "../commands/train.ts";

/** Where systems keep a Chromium. */
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const executablePath = PLACES.find((path) => existsSync(path));
if (executablePath === undefined) {
  console.warn("Tests of the page in a browser are skipped: no Chromium in any of its usual places.");
}

let root: string;
let html: string;
let file: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
  const toy = await loadToyAdapter();
  const adapters = [toy, { ...toy, name: "rival", title: "Rival" }, await loadToyAdapter(TOY_SENTENCE_ADAPTER)];
  const context: CommandContext = {
    ...toyContext(),
    findAdapters: (paper) => Promise.resolve(adapters.filter(({ name }) => paper === undefined || name === paper)),
  };
  for (const { name: paper } of adapters) {
    const experiment = {
      name: `${paper}-mine`,
      paper,
      data: { dataset: "sample-world", documents: { train: 8, development: 4, test: 4 } },
      encoder: "none",
      training: { epochs: 2, batchSize: 4, encoderLearningRate: 0, headLearningRate: 0, warmup: 0 },
      differences: "no learning <at all>",
    };
    await writeFile(join(root, "experiment.json"), JSON.stringify(experiment));
    for (const seed of [1, 2]) {
      await trainCommand(
        join(root, "experiment.json"),
        { out: join(root, "runs", paper, `seed-${seed}`), seed },
        context,
      );
    }
  }
  const entry = { case: "encoder", peer: "torch", ratio: 0.8, memoryRatio: 1.2, oursSeconds: 0.4, peerSeconds: 0.5 };
  await writeFile(join(root, "speed.json"), JSON.stringify([entry]));
  file = join(root, "report.html");
  await reportCommand(
    { runs: join(root, "runs"), out: join(root, "results"), html: file, speed: [join(root, "speed.json")] },
    context,
  );
  html = await readFile(file, "utf8");
}, 120_000);
afterAll(() => rm(root, { recursive: true, force: true }));

describe("the page", () => {
  it("stands in one file of at most 1.2 MB that may fetch nothing", () => {
    expect(html.length).toBeLessThan(1.2e6);
    expect(html.includes(`content="default-src 'none';`)).toBe(true);
    expect(html.includes("sourceMappingURL")).toBe(false);
  });

  it("escapes what experiments say", () => {
    expect(html.includes("no learning &lt;at all&gt;")).toBe(true);
  });

  it("says that two models with the same predictions do not differ", () => {
    const [, tests = ""] = html.split('<section id="tests"');
    const [, first = ""] = tests.split("<tbody>");

    expect(first).toMatch(/Rival <span class="soft">against<\/span> Toy[^§]*?1\.000<\/td><td>no clear difference/);
  });
});

describe.skipIf(executablePath === undefined)("the page in a browser", { timeout: 60_000 }, () => {
  let browser: Browser;
  let page: Page;
  let problems: string[];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath as string, args: ["--no-sandbox"] });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
    problems = [];
    page.on("console", (message) => {
      if (message.type() !== "log") problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith("file:")) problems.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    await chartsDrawn();
  }, 120_000);
  afterAll(() => browser.close());

  const chartsDrawn = (): Promise<unknown> => page.waitForSelector('html[data-charts="drawn"]', { timeout: 60_000 });
  const choose = (name: string): Locator => page.getByRole("combobox", { name, exact: true });
  const rows = (): Promise<string[]> => page.locator("#results tbody th:visible").allInnerTexts();

  it("opens with every chart drawn, no message on the console and no request", async () => {
    const figures = await page.locator("figure").count();

    expect(figures).toBeGreaterThan(4);
    expect(await page.locator("figure .chart svg").count()).toBe(figures);
    expect(problems).toEqual([]);
  });

  it("shows the rows, tests and charts that the filter asks for", async () => {
    const all = await rows();
    await choose("Model").selectOption("Rival");
    await chartsDrawn();
    await choose("Documents").selectOption("test");
    await chartsDrawn();

    expect(all).toHaveLength(6);
    expect((await rows()).map((text) => text.slice(0, 5))).toEqual(["Rival"]);
    expect(await page.locator("#filter output").innerText()).toBe("1 of 6 results shown");
    expect(await page.locator("#tests tbody tr:visible").count()).toBe(1);
    expect(await page.locator("figcaption:visible", { hasText: "sample-world development" }).count()).toBe(0);
    expect(problems).toEqual([]);
  });

  it("shows another document, and of a chosen relation the entities, weights and paths", async () => {
    const text = page.locator("#reader-text");
    await choose("Run").selectOption({ index: 1 });
    const first = await text.innerText();
    await choose("Document").selectOption({ index: 1 });
    const relation = page.locator("#reader-relations button").first();
    await relation.click();

    expect(await text.innerText()).not.toBe(first);
    expect(await page.locator("#reader-count").innerText()).toBe("2 of 4");
    expect(await relation.getAttribute("aria-pressed")).toBe("true");
    expect(await text.locator(".mention.head").count()).toBeGreaterThan(0);
    expect(await text.locator(".word.shaded").count()).toBeGreaterThan(0);
    expect(await page.locator("#reader-explanation").innerText()).toMatch(/First words, shaded[\s\S]*→/);
  });

  it("works by keyboard", async () => {
    await choose("Run").selectOption({ index: 1 });
    await choose("Document").selectOption({ index: 1 });
    await page.getByRole("button", { name: "Next document" }).focus();
    await page.keyboard.press("Enter");
    const buttons = page.locator("#reader-relations button");
    await buttons.first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");

    expect(await page.locator("#reader-count").innerText()).toBe("3 of 4");
    expect(await buttons.nth(1).getAttribute("aria-pressed")).toBe("true");
  });

  it("sets found spans beside labelled ones for models of sentences", async () => {
    await choose("Run").selectOption({ label: "Toy of sentences · sample-world test · seed 1" });

    expect(await page.locator("#reader-text .mention[data-verdict]").count()).toBeGreaterThan(0);
  });

  it("has a name for everything that is operated, and for every picture", async () => {
    const session = await page.context().newCDPSession(page);
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    const named = [
      "button",
      "combobox",
      "link",
      "img",
      "image",
      "region",
      "navigation",
      "form",
      "article",
      "table cell",
    ];
    const unnamed = nodes.filter(
      ({ ignored, role, name }) => !ignored && named.includes(role?.value as string) && !name?.value,
    );

    expect(nodes.filter(({ role }) => role?.value === "combobox").length).toBe(5);
    expect(unnamed.map(({ role }) => role?.value as string)).toEqual([]);
  });

  it("fits a phone, and is dark where the system is", async () => {
    await choose("Model").selectOption("all");
    await page.setViewportSize({ width: 390, height: 800 });
    await page.emulateMedia({ colorScheme: "dark" });
    await chartsDrawn();
    const width = await page.evaluate("document.documentElement.scrollWidth");
    const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");

    expect(width).toBe(390);
    expect(background).toBe("rgb(21, 23, 27)");
    expect(problems).toEqual([]);
  });
});
