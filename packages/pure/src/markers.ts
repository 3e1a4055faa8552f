import type { Tokenizer } from "@relatum/encoders";

import type { PureConfig } from "./config.ts";

/** The vocabulary ids of the markers around a pair's spans, each list by entity type: 0 = no entity. */
export interface PureMarkers {
  readonly headStarts: readonly number[];
  readonly headEnds: readonly number[];
  readonly tailStarts: readonly number[];
  readonly tailEnds: readonly number[];
}

/** The vocabulary ids of the markers of one pair. */
export interface PairMarkers {
  readonly headStart: number;
  readonly headEnd: number;
  readonly tailStart: number;
  readonly tailEnd: number;
}

/** The entity types of a pair, as places in the config's `entityTypes` from 1; 0 = no entity. */
export interface PairTypes {
  readonly headType: number;
  readonly tailType: number;
}

/** Head start, head end, tail start, tail end. */
const MARKERS_PER_TYPE = 4;

/**
 * Allots vocabulary entries to the markers: the unused ones from `[unused1]` on.
 *
 * The order depends on the config alone: the four untyped markers, then four for each type of `entityTypes`, then four
 * for spans that are no entity. The authors' `--add_new_tokens` has the same order; their default numbers markers as they
 * come up in the data, for which see {@link createReleasedMarkers}. A vocabulary without unused entries (ALBERT, RoBERTa)
 * lends its last ones, which are its rarest.
 *
 * @throws {RangeError} If the vocabulary has fewer entries than there are markers.
 */
export function createMarkers(
  tokenizer: Tokenizer,
  config: Pick<PureConfig, "entityTypes" | "relationInput">,
): PureMarkers {
  const types = config.entityTypes.length + 1;
  const ids = markerIds(tokenizer, MARKERS_PER_TYPE * (types + 1));
  const placeOf = (type: number): number => {
    if (config.relationInput !== "typed-markers") return 0;
    return MARKERS_PER_TYPE * (type === 0 ? types : type);
  };
  const places = Array.from({ length: types }, (_, type) => placeOf(type));
  const [headStarts, headEnds, tailStarts, tailEnds] = [0, 1, 2, 3].map((marker) =>
    places.map((place) => ids[place + marker] as number),
  ) as [number[], number[], number[], number[]];
  return { headStarts, headEnds, tailStarts, tailEnds };
}

/**
 * Allots vocabulary entries to typed markers as the authors' release does: by first use, from `[unused1]` on.
 *
 * The full model's code asks for six more tokens a pair than it inserts (four untyped, two naming a type), which take
 * numbers too. Needed to read weights that the release has trained.
 *
 * @param pairs In the order in which the release meets them, development data before training data.
 */
export function createReleasedMarkers(
  tokenizer: Tokenizer,
  { entityTypes, approximate }: Pick<PureConfig, "entityTypes" | "approximate">,
  pairs: Iterable<PairTypes>,
): PureMarkers {
  const ids = markerIds(tokenizer, (MARKERS_PER_TYPE + 2) * (entityTypes.length + 1) + MARKERS_PER_TYPE);
  const numbers = new Map<string, number>();
  const idOf = (name: string): number => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return ids[number] as number;
  };
  const markers = {
    headStarts: (type: number) => idOf(`head start ${type}`),
    headEnds: (type: number) => idOf(`head end ${type}`),
    tailStarts: (type: number) => idOf(`tail start ${type}`),
    tailEnds: (type: number) => idOf(`tail end ${type}`),
  };
  for (const { headType, tailType } of pairs) {
    if (!approximate) {
      for (const name of ["head start", "head end", "tail start", "tail end"]) idOf(name);
      for (const name of [`head ${headType}`, `tail ${tailType}`]) idOf(name);
    }
    markers.headStarts(headType);
    markers.headEnds(headType);
    markers.tailStarts(tailType);
    markers.tailEnds(tailType);
  }
  const forEachType = (allot: (type: number) => number): number[] =>
    Array.from({ length: entityTypes.length + 1 }, (_, type) => allot(type));
  return {
    headStarts: forEachType(markers.headStarts),
    headEnds: forEachType(markers.headEnds),
    tailStarts: forEachType(markers.tailStarts),
    tailEnds: forEachType(markers.tailEnds),
  };
}

/** The markers of a pair whose spans have these types. */
export function markersOf(markers: PureMarkers, { headType, tailType }: PairTypes): PairMarkers {
  return {
    headStart: markers.headStarts[headType] as number,
    headEnd: markers.headEnds[headType] as number,
    tailStart: markers.tailStarts[tailType] as number,
    tailEnd: markers.tailEnds[tailType] as number,
  };
}

/** Vocabulary ids that no text is likely to use: unused entries in order, then the last of the vocabulary. */
function markerIds(tokenizer: Tokenizer, count: number): number[] {
  const unknown = tokenizer.id("[no such token]");
  const ids: number[] = [];
  for (let number = 1; ids.length < count; number += 1) {
    const id = tokenizer.id(`[unused${number}]`);
    if (id === unknown) break;
    ids.push(id);
  }
  const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<s>", "<pad>", "</s>", "<unk>", "<mask>"];
  const taken = new Set([...ids, unknown, ...special.map((token) => tokenizer.id(token))]);
  for (const id of [...tokenizer.startIds, ...tokenizer.endIds, tokenizer.padId]) taken.add(id);
  for (let id = tokenizer.vocabularySize - 1; ids.length < count; id -= 1) {
    if (id < 0) {
      throw new RangeError(`vocabulary must have ${count} entries to spare for markers, got ${ids.length}.`);
    }
    if (!taken.has(id)) ids.push(id);
  }
  return ids;
}
