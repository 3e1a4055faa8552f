import type { Document, Entity, RelationFact } from "./document.ts";
import { seededRandom, type SeededRandom } from "./seeded-random.ts";

/** What {@link syntheticDocuments} makes. */
export interface SyntheticOptions {
  readonly seed: number;
  /** How many documents. */
  readonly count: number;
  /** Names of the relations that the documents state. */
  readonly relations: readonly string[];
}

const NAMES = ["Ada", "Bela", "Cato", "Dora", "Enno", "Fina", "Gero", "Hilda", "Ivo", "Jana", "Karl", "Lena"];
const TYPES = ["PER", "ORG", "LOC"];
const FILLERS = ["today", "again", "often", "here", "then", "quietly"];

/**
 * Tiny documents for tests: two or three sentences, three or four entities, the first of them named twice.
 *
 * A sentence such as `Ada likes Bela today .` states the relation `likes`, so that a model can learn them by heart and the
 * names alone do not give a relation away. Every relation is stated, given enough documents.
 *
 * @throws {RangeError} If the count is no positive integer or there is no relation.
 */
export function syntheticDocuments({ seed, count, relations }: SyntheticOptions): Document[] {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`count must be a positive integer, got ${count}.`);
  if (relations.length === 0) throw new RangeError("relations must name at least one relation, got none.");
  return Array.from({ length: count }, (_, index) => {
    const first = relations[index % relations.length] ?? "";
    return syntheticDocument(
      `synthetic-${seed}-${index}`,
      first,
      relations,
      seededRandom(`synthetic ${seed} ${index}`),
    );
  });
}

function syntheticDocument(id: string, first: string, relations: readonly string[], random: SeededRandom): Document {
  const names = random.shuffle(NAMES).slice(0, random.between(3, 4));
  const facts = names.slice(1).map((_, index): RelationFact => {
    const relation = index === 0 ? first : random.pick(relations);
    const [head, tail] = random.chance(0.5) ? [0, index + 1] : [index + 1, 0];
    return { head, tail, relation, evidence: [index] };
  });

  const sentences = facts.map(({ head, tail, relation }) => {
    return [names[head] ?? "", relation, names[tail] ?? "", random.pick(FILLERS), "."];
  });
  const entities = names.map((name, number): Entity => {
    const type = TYPES[number % TYPES.length] ?? "";
    const places = facts.flatMap(({ head, tail }, sentence) => {
      if (head === number) return [{ name, type, sentence, start: 0, end: 1 }];
      return tail === number ? [{ name, type, sentence, start: 2, end: 3 }] : [];
    });
    return { mentions: places };
  });
  return { id, sentences, entities, relations: facts, labelled: true };
}
