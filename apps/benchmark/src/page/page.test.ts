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
  const planned = [
    ...adapters.map(({ name }) => ({ paper: name, name: `${name}-quick`, seeds: [1, 2] })),
    { paper: "toy", name: "toy-without-types", variant: "without types", seeds: [1] },
  ];
  for (const { seeds, ...named } of planned) {
    const experiment = {
      ...named,
      data: { dataset: "sample-world", documents: { train: 8, development: 4, test: 4 } },
      encoder: "none",
      training: { epochs: 2, batchSize: 4, encoderLearningRate: 0, headLearningRate: 0, warmup: 0 },
      differences: "no learning <at all>",
    };
    await writeFile(join(root, "experiment.json"), JSON.stringify(experiment));
    for (const seed of seeds) {
      const out = join(root, "runs", named.name, `seed-${seed}`);
      await trainCommand(join(root, "experiment.json"), { out, seed }, context);
    }
  }
  const entry = { case: "toy", peer: "torch", ratio: 0.8, memoryRatio: 1.2, oursSeconds: 0.4, peerSeconds: 0.5 };
  const growth = [1, 2].map((size) => ({ table: "words", size, seconds: size, peakBytes: 2 ** 30 }));
  await writeFile(
    join(root, "speed.json"),
    JSON.stringify([entry, { ...entry, case: "toy-of-a-name-too-long-for-a-phone" }, ...growth]),
  );
  file = join(root, "report.html");
  await reportCommand(
    { runs: join(root, "runs"), out: join(root, "results"), html: file, speed: [join(root, "speed.json")] },
    context,
  );
  html = await readFile(file, "utf8");
}, 120_000);
afterAll(() => rm(root, { recursive: true, force: true }));

describe("the page", () => {
  it("stands in one file of at most 1.25 MB that may fetch nothing", () => {
    expect(html.length).toBeLessThan(1.25e6);
    expect(html.includes(`content="default-src 'none';`)).toBe(true);
    expect(html.includes("sourceMappingURL")).toBe(false);
  });

  it("escapes what experiments say", () => {
    expect(html.includes("no learning &lt;at all&gt;")).toBe(true);
  });

  it("sets what papers claim beside what was measured, and says of the rest why it was not", () => {
    const [, claims = ""] = html.split('<section id="claims"');
    const [, toy = ""] = claims.split(">Toy</h3>");

    expect(toy).toMatch(/^\s*<p class="soft">2 do not hold, 1 is not measured\.<\/p>/);
    expect(toy).toMatch(/Learning helps\.[^§]*?50\.5 against 40\.0 \(F1, World test\)[^§]*?0\.00 \(seed 1\)/);
    expect(toy).toContain("1.3× as fast; at least 2.0× expected");
    expect(toy).toMatch(/<summary>Toy: 1 not measured<\/summary>[^§]*?it is a matter of taste/);
    expect(html).toContain("It is &lt;fast&gt;.");
  });

  it("shows what a variant changes, how time grows, and the paper's figure", () => {
    const [, ablations = ""] = html.split('<section id="ablations"');
    const [, speed = ""] = html.split('<section id="speed"');

    expect(ablations).toMatch(/Toy <span class="soft">without types<\/span>[^§]*?<small>\+0\.00<\/small>/);
    expect(speed).toMatch(/<caption id="growth-0">words<\/caption>[^§]*?2\.00 s[^§]*?1\.00 GiB/);
    expect(html).toContain("Toy, Figure 1: F1 by learning · sample-world test");
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
    await page.goto(pathToFileURL(file).href, { timeout: 120_000 });
    await chartsDrawn();
  }, 180_000);
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

    expect(all).toHaveLength(8);
    expect((await rows()).map((text) => text.slice(0, 5))).toEqual(["Rival"]);
    expect(await page.locator("#filter output").innerText()).toBe("1 of 8 results shown");
    expect(await page.locator("#tests tbody tr:visible").count()).toBe(2);
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

  it("unfolds the claims that were not measured by keyboard, and says of each why", async () => {
    const summary = page.locator("#claims summary", { hasText: "Toy: 1 not measured" });
    const reason = page.getByText("it is a matter of taste").first();
    const before = await reason.isVisible();
    await summary.focus();
    await page.keyboard.press("Enter");

    expect([before, await reason.isVisible()]).toEqual([false, true]);
    expect(await page.locator('#claims [data-verdict="does not hold"]').count()).toBe(4);
  });

  it("draws a paper's figure whatever model is chosen, and hides it with its split", async () => {
    await choose("Model").selectOption("Rival");
    await choose("Documents").selectOption("test");
    await chartsDrawn();
    const shown = await page
      .locator("#figures figure:visible svg path[aria-roledescription], #figures figure:visible svg .mark-symbol path")
      .count();
    await choose("Documents").selectOption("development");
    await chartsDrawn();

    expect(shown).toBeGreaterThan(1);
    expect(await page.locator("#figures figure:visible").count()).toBe(0);
    expect(await page.locator("#ablations tbody tr:visible").count()).toBeGreaterThan(1);
    expect(problems).toEqual([]);
    await choose("Model").selectOption("");
    await choose("Documents").selectOption("");
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
