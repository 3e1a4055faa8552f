/** A run of characters of a text; `end` is the character after the last one. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** A word and where it stands. */
export interface TextWord extends TextRange {
  readonly word: string;
}

/** Marks that end a sentence, and those that may still follow before it ends. */
const TERMINALS = new Set([".", "?", "!"]);
const CLOSERS = new Set([")", "]", '"', "'", "”", "’"]);
/** Words whose full stop ends no sentence. */
const ABBREVIATIONS = new Set([
  "al",
  "approx",
  "ca",
  "cf",
  "dr",
  "e.g",
  "eq",
  "etc",
  "fig",
  "figs",
  "i.e",
  "mr",
  "mrs",
  "prof",
  "ref",
  "refs",
  "resp",
  "st",
  "viz",
  "vs",
]);

/**
 * Cuts a text into words: runs of letters, digits and accents; every other character but white space is a word of its own.
 *
 * BERT's tokenizer cuts at the same places, so that hyphened names such as `alpha-methyldopa` lose nothing.
 *
 * @param whole Ranges at whose edges words are cut as well, so that each is made of whole words.
 */
export function splitWords(text: string, whole: readonly TextRange[] = []): TextWord[] {
  const edges = [...new Set(whole.flatMap(({ start, end }) => [start, end]))].toSorted((one, other) => one - other);
  const words: TextWord[] = [];
  let next = 0;
  for (const match of text.matchAll(/[\p{L}\p{N}\p{M}]+|\S/gu)) {
    let start = match.index;
    const end = start + match[0].length;
    while ((edges[next] ?? Infinity) <= start) next += 1;
    for (let edge = edges[next] ?? Infinity; edge < end; edge = edges[next] ?? Infinity) {
      words.push({ word: text.slice(start, edge), start, end: edge });
      start = edge;
      next += 1;
    }
    words.push({ word: text.slice(start, end), start, end });
  }
  return words;
}

/**
 * Cuts words into sentences.
 *
 * A sentence ends after `.`, `?` or `!` and the brackets or quotes that close after it, if white space follows and then a word
 * that can begin a sentence (see {@link endsSentence}); never inside a range that must stay whole.
 */
export function splitSentences(words: readonly TextWord[], whole: readonly TextRange[] = []): TextWord[][] {
  const sentences: TextWord[][] = [];
  const inOrder = whole.toSorted((one, other) => one.start - other.start);
  let sentence: TextWord[] = [];
  let covered = 0; // end of the furthest range that has begun
  let next = 0;
  for (const [index, word] of words.entries()) {
    sentence.push(word);
    for (; (inOrder[next]?.start ?? Infinity) < word.end; next += 1)
      covered = Math.max(covered, inOrder[next]?.end ?? 0);
    const follower = words[index + 1];
    if (follower === undefined || follower.start === word.end || covered > word.end) continue;
    if (
      !endsSentence(
        sentence.slice(-8).map((each) => each.word),
        follower.word,
      )
    )
      continue;
    sentences.push(sentence);
    sentence = [];
  }
  return sentence.length > 0 ? [...sentences, sentence] : sentences;
}

/**
 * Whether a sentence ends between some words and the next one, given white space there.
 *
 * The next word must begin with a capital, a digit, or an opening bracket or quote; the stop must not be that of an
 * abbreviation such as `vs.` or `e.g.`.
 */
export function endsSentence(words: readonly string[], follower: string): boolean {
  const last = words.findLastIndex((word) => !CLOSERS.has(word));
  const mark = words[last];
  if (mark === undefined || !TERMINALS.has(mark)) return false;
  if (!/^[\p{Lu}\p{N}(["'“‘]/u.test(follower)) return false;
  if (mark !== "." || last !== words.length - 1) return true;

  const before = words[last - 1]?.toLowerCase() ?? "";
  const pair = words[last - 2] === "." ? `${words[last - 3]?.toLowerCase()}.${before}` : "";
  return !ABBREVIATIONS.has(before) && !ABBREVIATIONS.has(pair);
}

/** Whether white space after these words could be read as the end of a sentence, whatever follows. */
export function mayEndSentence(words: readonly string[]): boolean {
  return TERMINALS.has(words[words.findLastIndex((word) => !CLOSERS.has(word))] ?? "");
}
