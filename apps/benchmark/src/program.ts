import { Command, InvalidArgumentError, Option } from "commander";

import type { CommandContext } from "./command-context.ts";
import { parseMemory } from "./memory.ts";

/** Options that every command has. */
export interface GlobalOptions {
  readonly engine: string;
  readonly adapter: readonly string[];
  readonly debug: boolean;
}

/** Gives a command its context once the options are known. */
export type CreateContext = (options: GlobalOptions) => CommandContext;

const FORMATS = ["docred", "pubtator", "biomedical-table", "scierc"];

/** Builds the command line; each command's code is loaded when it is called. */
export function createProgram(createContext: CreateContext): Command {
  const program = new Command("relatum-bench")
    .description("Trains, evaluates and compares relation-extraction models.")
    .addOption(
      new Option("--engine <name>", "what computes")
        .choices(["auto", "gpu", "native", "wasm", "cpu"])
        .default("auto")
        .env("RELATUM_ENGINE"),
    )
    .option("--adapter <module>", "a paper's adapter to add: a file or a module (repeatable)", collect, [])
    .addOption(new Option("--debug", "shows where an error comes from").env("RELATUM_DEBUG").default(false))
    .showHelpAfterError("(--help lists what there is)");
  const context = (): CommandContext => createContext(program.opts<GlobalOptions>());

  addDataCommands(program, context);
  addTrainingCommands(program, context);
  addModelCommands(program, context);
  addCompareCommand(program, context);
  addSpeedCommand(program, context);
  addGraphCommand(program, context);
  return program;
}

function addDataCommands(program: Command, context: () => CommandContext): void {
  program
    .command("prepare")
    .description("downloads and checks data sets; lists them without a name")
    .argument("[dataset...]", "names of data sets")
    .option("--data <directory>", "takes the files from here, or puts them here")
    .action(async (datasets: string[], options: object) =>
      (await import("./commands/prepare.ts")).prepareCommand(datasets, options, context()),
    );
  program
    .command("report")
    .description("gathers finished runs into results.json, results.md and a page, beside the papers' numbers")
    .option("--runs <directory>", "where the runs are", "runs")
    .option("--out <directory>", "where the results go; this package's results/ without it")
    .addOption(new Option("--suite <name...>", "only runs of these suites").choices(["quick", "lite", "paper", "own"]))
    .option("--fresh", "drops earlier results that no run here has")
    .option("--html <file>", "writes a page with tables, charts and a reader of predictions too")
    .option("--data <directory>", "what the experiments' file names are relative to, for the page")
    .option("--documents <number>", "documents of each experiment in the page's reader", parseCount)
    .option("--speed <file...>", "what speed --json wrote, for claims and the page; kept beside the results")
    .option("--claims", "brings the claims in the papers' PAPER.md up to date")
    .option("--curves", "draws the precision-recall curves of older runs, with their models; needs --data")
    .option("--tensorboard <directory>", "writes the curves of the runs here for TensorBoard")
    .action(async (options: { runs: string }) =>
      (await import("./commands/report.ts")).reportCommand(options, context()),
    );
}

function addCompareCommand(program: Command, context: () => CommandContext): void {
  program
    .command("compare")
    .description("shows whether a change made models better or worse, and faster or slower")
    .argument("<base>", "the runs from before the change: a directory of runs, or a results.json")
    .argument("<head>", "the same from after it")
    .option("--data <directory>", "what the experiments' file names are relative to")
    .option("--json <file>", "writes the comparison here too")
    .action(async (base: string, head: string, options: object) =>
      (await import("./commands/compare.ts")).compareCommand(base, head, options, context()),
    );
}

function addGraphCommand(program: Command, context: () => CommandContext): void {
  program
    .command("graph")
    .description("draws the graphs that a paper builds of a document, as an SVG file")
    .argument("<documents>", "a file of documents")
    .addOption(new Option("--format <name>", "the file's format").choices(FORMATS).default("docred"))
    .option("--document <id>", "which document: its id, or its number in the file; the first without it")
    .option(
      "--pair <head,tail>",
      "two entity numbers whose paths are highlighted; the paper chooses without it",
      parsePair,
    )
    .option("--paper <name>", "which paper; the first that draws without it")
    .option("--out <file>", "where the drawing goes", "graph.svg")
    .action(async (file: string, options: Parameters<typeof import("./commands/graph.ts").graphCommand>[1]) =>
      (await import("./commands/graph.ts")).graphCommand(file, options, context()),
    );
}

function addTrainingCommands(program: Command, context: () => CommandContext): void {
  program
    .command("run")
    .description("runs a suite of the papers' experiments, as far as it is not done yet")
    .addOption(new Option("--suite <name>", "which one").choices(["quick", "lite", "paper"]).default("quick"))
    .option("--paper <name>", "one paper only")
    .option("--experiment <name>", "experiments of this name only")
    .option("--seed <number>", "one seed only", parseSeed)
    .option("--data <directory>", "what the experiments' file names are relative to")
    .option("--out <directory>", "where the runs go", "runs")
    .option("--revision <text>", "what the code is at; a run of another revision there is started anew")
    .option("--tensorboard <directory>", "writes the curves here for TensorBoard too")
    .addOption(memoryOption())
    .action(async (options: { suite: "quick" | "lite" | "paper"; out: string }) =>
      (await import("./commands/run.ts")).runCommand(options, context()),
    );
  program
    .command("train")
    .description("trains the experiment of a file; goes on where an earlier run stopped")
    .argument("<experiment.json>")
    .option("--data <directory>", "what the experiment's file names are relative to")
    .option("--out <directory>", "the run's directory; runs/PAPER/NAME/seed-N without it")
    .option("--seed <number>", "the seed; the experiment's first without it", parseSeed)
    .option("--save-every <steps>", "steps from one checkpoint to the next; 100 without it", parseCount)
    .option("--tensorboard <directory>", "writes the curves here for TensorBoard too")
    .addOption(memoryOption())
    .action(async (file: string, options: object) =>
      (await import("./commands/train.ts")).trainCommand(file, options, context()),
    );
}

function addModelCommands(program: Command, context: () => CommandContext): void {
  const format = (): Option =>
    new Option("--format <name>", "the file's format").choices(FORMATS).makeOptionMandatory();
  program
    .command("evaluate")
    .description("scores a run's model on labelled documents")
    .argument("<run>", "the run's directory")
    .requiredOption("--file <file>", "the documents")
    .addOption(format())
    .option("--train-facts <file>", "facts that Ign F1 leaves out; those the run trained on without it")
    .option("--json <file>", "writes the scores here too")
    .addOption(memoryOption())
    .action(async (run: string, options: Parameters<typeof import("./commands/evaluate.ts").evaluateCommand>[1]) =>
      (await import("./commands/evaluate.ts")).evaluateCommand(run, options, context()),
    );
  program
    .command("predict")
    .description("writes what a run's model finds in documents; needs no labels")
    .argument("<run>", "the run's directory")
    .requiredOption("--file <file>", "the documents; - reads standard input, a document a line, and answers as it goes")
    .addOption(format())
    .option(
      "--out <file>",
      "a JSON line a document, with scierc in its form; with docred and .json, the submission file",
    )
    .option("--submission <file>", "writes DocRED's submission file here")
    .addOption(memoryOption())
    .action(async (run: string, options: Parameters<typeof import("./commands/predict.ts").predictCommand>[1]) =>
      (await import("./commands/predict.ts")).predictCommand(run, options, context()),
    );
}

function addSpeedCommand(program: Command, context: () => CommandContext): void {
  program
    .command("speed")
    .description("measures time and memory against PyTorch or onnxruntime, or how they grow")
    .addOption(new Option("--against <peer>", "what to compare with").choices(["torch", "onnx"]).default("torch"))
    .option("--case <name...>", "these cases only")
    .option("--pairs <number>", "how often the two sides take turns", parseCount, 9)
    .option("--documents <number>", "documents that extraction reads at a time", parseCount, 64)
    .option("--threads <number>", "threads of each side; one a core without it", parseCount)
    .option("--encoder <name>", "a directory, or the encoder's name at the hub", "all-MiniLM-L6-v2")
    .option("--data <directory>", "the folder that holds the data sets; without it, cases that need one are left out")
    .option("--python <file>", "a Python that has the packages; one is set up in the cache without it")
    .option("--json <file>", "writes the figures here too")
    .option("--growth", "shows how time and memory grow with tokens, entities and documents instead")
    .action(async (options: Parameters<typeof import("./commands/speed.ts").speedCommand>[0]) =>
      (await import("./commands/speed.ts")).speedCommand(options, context()),
    );
}

function memoryOption(): Option {
  const description = "what the process may take, such as 4G; three quarters of the machine's without it";
  return new Option("--memory <size>", description).argParser(parseMemory);
}

function parseSeed(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}

function parseCount(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number above 0.");
}

function parsePair(text: string): [head: number, tail: number] {
  const [, head, tail] = /^(\d+),(\d+)$/.exec(text) ?? [];
  if (head === undefined || tail === undefined) throw new InvalidArgumentError("It must be two numbers: 0,3.");
  return [Number(head), Number(tail)];
}

function collect(module: string, modules: readonly string[]): string[] {
  return [...modules, module];
}
