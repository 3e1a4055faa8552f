import type { Document } from "@relatum/datasets";
import type { Tokenizer } from "@relatum/encoders";

import type { PureConfig } from "./config.ts";
import { markersOf, type PairMarkers, type PureMarkers } from "./markers.ts";
import {
  type LabelledPair,
  labelSpanPairs,
  listSpanPairs,
  pairKey,
  type PairLabels,
  type SpanPair,
  type SpanRules,
} from "./relation-pairs.ts";
import { insertMarkers, joinWords, type PairPlaces, readSentence, type SentenceText } from "./relation-text.ts";
import { fitWords } from "./relation-window.ts";
import type { LabelledSpan, WordSpan } from "./spans.ts";

/** One input of the relation model, in plain arrays: a text and the pairs to classify in it. */
export interface PureRelationFeatures {
  readonly documentId: string;
  readonly sentence: number;
  /** The text, start and end tokens included, and the full model's markers. */
  readonly tokenIds: readonly number[];
  readonly pairs: readonly PureRelationPair[];
}

/** A pair to classify and where it is in the text; the full model's markers stand for its spans. */
export interface PureRelationPair extends LabelledPair, PairPlaces {
  /** The approximation's markers, which come behind the text: head start, head end, tail start, tail end. */
  readonly markers?: readonly number[];
}

/** Tells of a sentence that does not fit into the model's input. */
export interface PureLengthNotice {
  readonly documentId: string;
  readonly sentence: number;
  /**
   * `context-reduced`: the sentence has less context than the config asks for. `sentence-cut`: the pair sees a part of
   * its sentence. `pair-left-out`: the pair's spans lie too far apart; it has no relation.
   */
  readonly kind: "context-reduced" | "sentence-cut" | "pair-left-out";
  /** The pair; a notice without one is of all pairs of the sentence. */
  readonly pair?: SpanPair;
  /** Tokens that there are. */
  readonly tokens: number;
  /** Tokens that fit. */
  readonly room: number;
}

/** What {@link featurizePureRelations} needs besides documents. */
export interface PureRelationFeatureOptions {
  readonly config: PureConfig;
  /** Must have been given the document's words with `prepare`; {@link featurizePureRelationDocuments} does. */
  readonly tokenizer: Tokenizer;
  /** From `createMarkers`. */
  readonly markers: PureMarkers;
  /** The longest text that the encoder takes, in tokens. */
  readonly encoderTokens: number;
  /** Whether pairs share a text where the config's model lets them. */
  readonly pairsPerText: "one" | "many";
  /**
   * `released` counts and cuts as the authors' code does: duplicates of spans make more pairs, and what is longer than
   * `maxTokens` loses its end, a start marker there being read at the first token.
   */
  readonly rules?: SpanRules;
}

/** Features, and what there is to say about their length. */
export interface PureRelationFeatureList {
  readonly features: readonly PureRelationFeatures[];
  readonly notices: readonly PureLengthNotice[];
}

/** Tokens that the markers of a pair take. */
const MARKER_TOKENS = 4;

/**
 * Turns the pairs of a document's spans into features, sentence after sentence.
 *
 * What is too long loses context first, words farthest from the sentence before others. Of a sentence that is too long by
 * itself, each pair sees what fits around its spans. Both are told in `notices`.
 *
 * @param spans By sentence; the labels' own, or predicted ones.
 * @throws {RangeError} If a labelled document has a relation that is not among the config's.
 */
export function featurizePureRelations(
  document: Document,
  spans: readonly (readonly LabelledSpan[])[],
  options: PureRelationFeatureOptions,
): PureRelationFeatureList {
  const labels = document.labelled ? labelSpanPairs(document, options.config) : undefined;
  const features: PureRelationFeatures[] = [];
  const notices: PureLengthNotice[] = [];
  for (const sentence of document.sentences.keys()) {
    const pairs = labelledPairs(listSpanPairs(spans[sentence] ?? [], options.rules), labels?.[sentence]);
    if (pairs.length === 0) continue;
    const { tokenizer, config } = options;
    const text = readSentence(document, sentence, { tokenizer, contextWords: config.relationContextWords });
    const place = { documentId: document.id, sentence };
    for (const part of splitPairs(text, pairs, options, (notice) => notices.push({ ...place, ...notice }))) {
      features.push({ ...place, ...part });
    }
  }
  return { features, notices };
}

/** Turns the pairs of documents' spans into features, tokenizing all of their words in one go. */
export async function featurizePureRelationDocuments(
  documents: readonly Document[],
  spans: readonly (readonly (readonly LabelledSpan[])[])[],
  options: PureRelationFeatureOptions,
): Promise<PureRelationFeatureList> {
  await options.tokenizer.prepare(new Set(documents.flatMap(({ sentences }) => sentences.flat())));
  const lists = documents.map((document, index) => featurizePureRelations(document, spans[index] ?? [], options));
  return {
    features: lists.flatMap(({ features }) => features),
    notices: lists.flatMap(({ notices }) => notices),
  };
}

type Part = Pick<PureRelationFeatures, "tokenIds" | "pairs">;
type Notify = (notice: Pick<PureLengthNotice, "kind" | "pair" | "tokens" | "room">) => void;

function labelledPairs(pairs: readonly SpanPair[], labels: PairLabels[number] | undefined): LabelledPair[] {
  return pairs.map(({ head, tail }) => ({ head, tail, labelIds: labels?.get(pairKey(head, tail)) ?? [] }));
}

/** Lays the pairs of a sentence out as texts that fit. */
function splitPairs(
  text: SentenceText,
  pairs: readonly LabelledPair[],
  options: PureRelationFeatureOptions,
  notify: Notify,
): Part[] {
  const { core, words } = text;
  const whole = { start: 0, end: words.length };
  if (options.rules === "released") return layOut(text, whole, pairs, options);
  const lengths = words.map(({ length }) => length);
  const room = textRoom(options);
  const window = fitWords(lengths, core, room);
  if (window !== undefined) {
    if (window.end - window.start < words.length) notify({ kind: "context-reduced", tokens: sum(lengths), room });
    return layOut(text, window, pairs, options);
  }
  const tokens = sum(lengths.slice(core.start, core.end));
  return pairs.flatMap((pair) => {
    const hull = {
      start: core.start + Math.min(pair.head.start, pair.tail.start),
      end: core.start + Math.max(pair.head.end, pair.tail.end),
    };
    const around = fitWords(lengths, hull, room);
    notify({ kind: around === undefined ? "pair-left-out" : "sentence-cut", pair, tokens, room });
    return around === undefined ? [] : layOut(text, around, [pair], options);
  });
}

/** Tokens that the words of a text may take, if one pair's markers are to fit too. */
function textRoom({ config, tokenizer, encoderTokens }: PureRelationFeatureOptions): number {
  const markers = hasMarkers(config) ? MARKER_TOKENS : 0;
  const inside = config.approximate ? 0 : markers;
  const most = Math.min(config.maxTokens - markers, encoderTokens - inside);
  return most - tokenizer.startIds.length - tokenizer.endIds.length;
}

function hasMarkers({ relationInput }: PureConfig): boolean {
  return relationInput !== "text" && relationInput !== "text-etype";
}

/** Lays pairs that see the same words out as texts. */
function layOut(
  text: SentenceText,
  window: WordSpan,
  pairs: readonly LabelledPair[],
  options: PureRelationFeatureOptions,
): Part[] {
  const { config, tokenizer } = options;
  const markersFor = ({ head, tail }: SpanPair): PairMarkers =>
    markersOf(options.markers, { headType: head.label, tailType: tail.label });
  if (hasMarkers(config) && !config.approximate) {
    return pairs.map((pair) => {
      const { tokenIds, places } = insertMarkers(text, window, pair, { markers: markersFor(pair), tokenizer });
      return cutReleased({ tokenIds, pairs: [{ ...pair, ...places }] }, options);
    });
  }
  const { tokenIds, placesOf } = joinWords(text, window, tokenizer);
  const placed = pairs.map((pair): PureRelationPair => {
    const places = placesOf(pair);
    if (!config.approximate) return { ...pair, ...places };
    const { headStart, headEnd, tailStart, tailEnd } = markersFor(pair);
    return { ...pair, ...places, markers: [headStart, headEnd, tailStart, tailEnd] };
  });
  const size = Math.min(placed.length, pairsPerText(tokenIds.length, options));
  const starts = Array.from({ length: Math.ceil(placed.length / size) }, (_, index) => index * size);
  return starts.map((start) => ({ tokenIds, pairs: placed.slice(start, start + size) }));
}

function pairsPerText(tokens: number, { config, pairsPerText: asked }: PureRelationFeatureOptions): number {
  if (asked === "one") return 1;
  if (!config.approximate) return Infinity;
  return Math.max(1, Math.floor((config.maxTokens - tokens) / MARKER_TOKENS));
}

/** Cuts a text as the authors' code does, if that is asked for. */
function cutReleased(part: Part, { rules, config: { maxTokens } }: PureRelationFeatureOptions): Part {
  if (rules !== "released" || part.tokenIds.length <= maxTokens) return part;
  const within = (place: number): number => (place < maxTokens ? place : 0);
  const pairs = part.pairs.map((pair) => ({
    ...pair,
    headFirst: within(pair.headFirst),
    headLast: within(pair.headLast),
    tailFirst: within(pair.tailFirst),
    tailLast: within(pair.tailLast),
  }));
  return { tokenIds: part.tokenIds.slice(0, maxTokens), pairs };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
