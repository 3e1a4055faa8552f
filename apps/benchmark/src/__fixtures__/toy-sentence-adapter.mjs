import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const isName = (word) => /^\p{Lu}/u.test(word);

/** Runs of capitalised words, but for pronouns and the like at the start. */
function findNames(words, others) {
  const names = [];
  for (let start = 0; start < words.length; start += 1) {
    if (!isName(words[start]) || others.includes(words[start])) continue;
    let end = start + 1;
    while (end < words.length && isName(words[end])) end += 1;
    names.push({ start, end, before: words[start - 1] ?? "" });
    start = end;
  }
  return names;
}

class ToySentenceExtractor {
  constructor({ types, rules, others }) {
    this.rules = { types, rules, others };
  }

  async extract(documents) {
    const spans = [];
    const relations = [];
    for (const { id, sentences } of documents) {
      for (const [sentence, words] of sentences.entries()) {
        const found = findNames(words, this.rules.others).map(({ start, end, before }) => {
          return { documentId: id, sentence, start, end, type: this.rules.types[before] ?? "PER", score: 0.5 };
        });
        spans.push(...found);
        for (const head of found) {
          for (const tail of found) {
            const relation = this.rules.rules[`${head.type} ${tail.type}`];
            if (head === tail || relation === undefined) continue;
            const place = ({ start, end }) => ({ sentence, start, end });
            relations.push({ documentId: id, head: place(head), tail: place(tail), relation, score: 0.25 });
          }
        }
      }
    }
    return { task: "sentence", spans, relations };
  }

  async save(directory) {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "rules.json"), JSON.stringify(this.rules));
  }

  dispose() {}
}

function learn(documents) {
  const learnt = { types: {}, rules: {}, others: [] };
  for (const { sentences, entities, relations } of documents) {
    const mentions = entities.map((entity) => entity.mentions[0]);
    for (const { sentence, start, type } of mentions) learnt.types[sentences[sentence][start - 1] ?? ""] ??= type;
    for (const { head, tail, relation } of relations) {
      learnt.rules[`${mentions[head].type} ${mentions[tail].type}`] ??= relation;
    }
    for (const [sentence, [first]] of sentences.entries()) {
      if (!mentions.some((mention) => mention.sentence === sentence && mention.start === 0)) learnt.others.push(first);
    }
  }
  return { ...learnt, others: [...new Set(learnt.others)] };
}

export const adapter = {
  name: "toy-sentence",
  title: "Toy of sentences",
  task: "sentence",
  citation: "Nobody et al., Names by capitals.",
  directory: new URL("toy/", import.meta.url),

  checkConfig({ config }, relations, entityTypes) {
    if (config.expected !== undefined && config.expected !== [...entityTypes, ...relations].join()) {
      throw new RangeError(`expected must be ${[...entityTypes, ...relations].join()}, got ${config.expected}.`);
    }
  },

  async train(documents, { training }, hooks) {
    const rules = learn(documents);
    const parts = { entity: { ...rules, rules: {} }, relation: rules };
    for (const stage of ["entity", "relation"]) {
      const { epochs } = { ...training, ...training.stages?.[stage] };
      for (let epoch = 1; epoch <= epochs; epoch += 1) {
        hooks.log({ kind: "step", stage, epoch, step: epoch, loss: 1, learningRateMultiplier: 1, gradientNorm: 1 });
        const extractor = new ToySentenceExtractor(parts[stage]);
        const score = await hooks.evaluate(extractor, stage === "entity" ? "entities" : "relations");
        hooks.log({ kind: "epoch", stage, epoch, meanLoss: 1, score });
      }
    }
    return new ToySentenceExtractor(rules);
  },

  async load(directory) {
    return new ToySentenceExtractor(JSON.parse(await readFile(join(directory, "rules.json"), "utf8")));
  },
};
