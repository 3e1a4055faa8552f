import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

class ToyExtractor {
  constructor(rules, threshold = 0) {
    this.rules = rules;
    this.threshold = threshold;
  }

  async extract(documents) {
    const relations = documents.flatMap(({ id, entities }) =>
      entities.flatMap((one, head) =>
        entities.flatMap((other, tail) => {
          const rule = this.rules[`${one.mentions[0].type} ${other.mentions[0].type}`];
          if (head === tail || rule === undefined || rule.score < this.threshold) return [];
          return [{ documentId: id, head, tail, relation: rule.relation, score: rule.score }];
        }),
      ),
    );
    return { task: "document", relations };
  }

  async save(directory) {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "rules.json"), JSON.stringify({ rules: this.rules, threshold: this.threshold }));
  }

  dispose() {}
}

function learn(documents) {
  const rules = {};
  for (const { entities, relations } of documents) {
    for (const { head, tail, relation } of relations) {
      const key = `${entities[head].mentions[0].type} ${entities[tail].mentions[0].type}`;
      rules[key] ??= { relation, score: 1 };
    }
  }
  return rules;
}

async function readStep(file) {
  return existsSync(file) ? JSON.parse(await readFile(file, "utf8")).step : 0;
}

export const adapter = {
  name: "toy",
  title: "Toy",
  task: "document",
  citation: "Nobody et al., Relations by entity types.",
  directory: new URL("toy/", import.meta.url),

  checkConfig({ config }) {
    if (config.size !== undefined && config.size < 1) throw new RangeError(`size must be positive, got ${config.size}.`);
  },

  async train(documents, { config, training }, hooks) {
    const file = join(hooks.checkpoint.directory, "step.json");
    await mkdir(hooks.checkpoint.directory, { recursive: true });
    const perEpoch = Math.ceil(documents.length / training.batchSize);
    const extractor = new ToyExtractor(learn(documents));
    let step = await readStep(file);
    if (step > 0) hooks.log({ kind: "resume", epoch: 1 + Math.floor(step / perEpoch), step, skipped: [] });
    while (step < training.epochs * perEpoch) {
      if (hooks.signal.aborted) {
        await writeFile(file, JSON.stringify({ step }));
        throw hooks.signal.reason;
      }
      await setTimeout(config.stepMilliseconds ?? 0);
      const epoch = 1 + Math.floor(step / perEpoch);
      step += 1;
      hooks.log({ kind: "step", epoch, step, loss: 1 / step, learningRateMultiplier: 1, gradientNorm: 1 });
      if (step % perEpoch !== 0) continue;
      hooks.log({ kind: "epoch", epoch, meanLoss: 1 / step, score: await hooks.evaluate(extractor) });
    }
    return extractor;
  },

  async load(directory) {
    const { rules, threshold } = JSON.parse(await readFile(join(directory, "rules.json"), "utf8"));
    return new ToyExtractor(rules, threshold);
  },

  async scoreAll(extractor, documents) {
    return (await new ToyExtractor(extractor.rules).extract(documents)).relations;
  },

  async explain(_, { sentences, entities }, [head, tail]) {
    const places = [head, tail].flatMap((entity) => entities[entity].mentions);
    const words = sentences.map((line, sentence) =>
      line.map((_, word) => (places.some((place) => place.sentence === sentence && place.start === word) ? 0.25 : 0)),
    );
    return { title: "First words", words, paths: [[head, tail]] };
  },

  async tune(extractor, documents, tools) {
    const { relations } = await extractor.extract(documents);
    return new ToyExtractor(extractor.rules, relations.length === 0 ? 0 : tools.bestThreshold(documents, relations));
  },
};
