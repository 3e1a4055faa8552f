/** Files of a tokenizer that go along with its vocabulary. */
const TOKENIZER_SETTINGS = ["tokenizer_config.json", "special_tokens_map.json"];

/** Sets of files of which one makes a tokenizer, the best first. */
const TOKENIZERS = [["tokenizer.json"], ["vocab.txt"], ["vocab.json", "merges.txt"]];

/** Forms of the weights, the best first. */
const WEIGHTS = [
  { single: "model.safetensors", shard: /^model-\d+-of-(\d+)\.safetensors$/ },
  { single: "pytorch_model.bin", shard: /^pytorch_model-\d+-of-(\d+)\.bin$/ },
];

/**
 * Chooses the files that loading a model takes among all that are there.
 *
 * @param names Files of the model's directory.
 * @returns The chosen names; undefined if they do not make a model.
 */
export function chooseModelFiles(names: readonly string[]): readonly string[] | undefined {
  const there = new Set(names);
  const tokenizer = TOKENIZERS.find((files) => files.every((name) => there.has(name)));
  const weights = chooseWeights(names, there);
  if (!there.has("config.json") || tokenizer === undefined || weights === undefined) return undefined;
  return ["config.json", ...TOKENIZER_SETTINGS.filter((name) => there.has(name)), ...tokenizer, ...weights];
}

function chooseWeights(names: readonly string[], there: ReadonlySet<string>): readonly string[] | undefined {
  for (const { single, shard } of WEIGHTS) {
    if (there.has(single)) return [single];
    const shards = names.filter((name) => shard.test(name));
    const count = Number(shard.exec(shards[0] ?? "")?.[1]);
    if (there.has(`${single}.index.json`) && shards.length === count) return [`${single}.index.json`, ...shards];
  }
  return undefined;
}
