import { definePureConfig, type PureConfig } from "../config.ts";
import { readGoldenText } from "./golden-model.ts";

/** A sentence as the authors' entity model takes it; words are counted with the context, and span ends are inclusive. */
export interface GoldenSample {
  readonly doc_key: string;
  readonly sentence_ix: number;
  readonly tokens: readonly string[];
  readonly sent_length: number;
  readonly sent_start: number;
  readonly sent_end: number;
  readonly sent_start_in_doc: number;
  readonly spans: readonly (readonly [start: number, end: number, width: number])[];
  readonly spans_label: readonly number[];
}

/** A case of samples. */
export interface GoldenSamples {
  readonly docs: string;
  readonly context_window: number;
  readonly max_span_length: number;
  readonly label2id: Readonly<Record<string, number>>;
  readonly num_ner: number;
  readonly samples: readonly GoldenSample[];
}

/** Reads the samples that another case names: `entity_samples_w20.json, first 4`. */
export function readGoldenSamples(reference: string): GoldenSamples {
  const [file = "", first] = reference.split(", first ");
  const json = JSON.parse(readGoldenText(file)) as GoldenSamples;
  return { ...json, samples: json.samples.slice(0, first === undefined ? undefined : Number(first)) };
}

/** The config that makes a case's samples. */
export function samplesConfig({ label2id, context_window, max_span_length }: GoldenSamples): PureConfig {
  const types = Object.entries(label2id).toSorted(([, left], [, right]) => left - right);
  return definePureConfig({
    entityTypes: types.map(([type]) => type),
    relations: ["related"],
    entityContextWords: context_window,
    maxSpanWords: max_span_length,
    headDropout: 0,
    outputDropout: 0,
  });
}
