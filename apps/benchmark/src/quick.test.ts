import { beforeAll, describe, expect, it } from "vitest";

import { loadExperiments } from "./adapters.ts";
import type { Experiment } from "./experiment.ts";
import { fitQuick, UNTRAINED_ENCODER, wholeName } from "./quick.ts";
import { loadToyAdapter } from "./__fixtures__/toy-context.ts";

let experiment: Experiment;
beforeAll(async () => {
  const [toy] = (await loadExperiments(await loadToyAdapter())) as [Experiment];
  const data = { dataset: "sample-world", documents: { train: 200, development: 50, test: 20 } };
  experiment = { ...toy, encoder: "all-MiniLM-L6-v2", data };
});

describe("fitQuick", () => {
  it("leaves an experiment as it is where the machine has everything", () => {
    expect(fitQuick(experiment, { engine: "native", hasEncoder: true })).toBe(experiment);
  });

  it.each(["wasm", "cpu"] as const)("takes two layers and fewer documents on the engine %s, and says so", (engine) => {
    const fitted = fitQuick(experiment, { engine, hasEncoder: true });

    expect(fitted).toMatchObject({
      name: "toy-quick-portable",
      encoderLayers: 2,
      data: { documents: { train: 60, development: 15, test: 20 } },
      differences: "no learning; portable engine: 2 encoder layers, 60 training documents",
    });
  });

  it("takes what an experiment says of slow engines, where that is less", () => {
    const portable = { documents: { train: 10, development: 5, test: 50 }, epochs: 1 };

    const fitted = fitQuick({ ...experiment, portable }, { engine: "wasm", hasEncoder: true });

    expect(fitted.data).toMatchObject({ documents: { train: 10, development: 5, test: 20 } });
    expect(fitted.training.epochs).toBe(1);
    expect(fitted.differences).toContain("10 training documents");
  });

  it("takes an encoder that needs no download where none is within reach, and says so", () => {
    const fitted = fitQuick(experiment, { engine: "native", hasEncoder: false });

    expect(fitted).toMatchObject({
      name: "toy-quick-untrained",
      encoder: UNTRAINED_ENCODER,
      training: { epochs: 2, encoderLearningRate: 1e-3 },
    });
    expect(fitted.differences).toContain("no pretrained encoder within reach");
  });
});

describe("wholeName", () => {
  it("is the name before anything was cut", () => {
    const fitted = fitQuick(experiment, { engine: "wasm", hasEncoder: false });

    expect(wholeName(fitted.name)).toBe("toy-quick");
    expect(wholeName("portable-thing")).toBe("portable-thing");
  });
});
