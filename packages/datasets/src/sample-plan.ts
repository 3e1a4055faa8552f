import { inventName, type SampleSplit } from "./sample-names.ts";
import { INFERENCES, REVERSED, type SampleTemplate, type SampleType, TEMPLATES } from "./sample-templates.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** Something of the sample world that documents can name. */
export interface SampleThing {
  readonly type: SampleType;
  /** The full name, which a document uses first, then the shorter ones. */
  readonly names: readonly [full: string, ...short: string[]];
  readonly female: boolean;
}

/** One sentence to be: what it states, and whether it goes on about the topic of the sentence before it. */
export interface SampleStatement {
  readonly template: SampleTemplate;
  readonly topic: SampleThing;
  readonly others: readonly SampleThing[];
  readonly continues: boolean;
}

/** A relation between two things of the sample world. */
export interface SampleFact {
  readonly head: SampleThing;
  readonly tail: SampleThing;
  readonly relation: string;
}

/** The things of one document and every fact about them, whether or not the document will state it. */
interface SampleWorld {
  readonly things: readonly SampleThing[];
  /** What holds, as {@link factText} writes it. */
  readonly facts: ReadonlySet<string>;
  /** Which things are related in some way, as {@link pairText} writes it, both ways round. */
  readonly related: ReadonlySet<string>;
}

const COMPANY_KINDS = ["Works", "Lines", "Mills", "Motors", "Foods", "Instruments", "Shipping", "Glass"];
const COMPANY_FIELDS = ["Tidal", "Northern", "General", "Electric", "United", "Harbour"];

/** Threads of one document: sentences in a row about one topic. */
export function planThreads(split: SampleSplit, random: SeededRandom): SampleStatement[][] {
  const world = inventWorld(split, random);
  const stated = new Set<string>();
  const actors = random.shuffle(world.things.filter(({ type }) => type === "PER" || type === "ORG"));
  const topics = actors.slice(0, random.between(3, 4));
  const threads = topics.map((topic) => planThread(topic, world, stated, random));

  const named = new Set(threads.flat().flatMap(({ others }) => others));
  for (const city of world.things.filter((thing) => thing.type === "CITY" && named.has(thing))) {
    const [statement] = random.chance(0.8) ? statementsAbout(city, true, world, stated) : [];
    if (statement !== undefined) threads.push([statement]);
  }
  if (random.chance(0.3)) {
    const city = random.pick(world.things.filter(({ type }) => type === "CITY"));
    const statements = statementsAbout(city, false, world, stated);
    if (statements.length > 0) threads.push([random.pick(statements)]);
  }
  return random.shuffle(threads.filter((thread) => thread.length > 0));
}

/** The facts that a statement states: one for each of its relations, in both directions for spouses. */
export function statedFacts({ template, topic, others }: Omit<SampleStatement, "continues">): SampleFact[] {
  return template.relations.flatMap((relation, index) => {
    const other = others[index]!; // templates have a thing for each relation
    const [head, tail] = REVERSED.has(relation) ? [other, topic] : [topic, other];
    const fact = { head, tail, relation };
    return relation === "spouse" ? [fact, { head: tail, tail: head, relation }] : [fact];
  });
}

/** The facts that follow from two others, with those two. */
export function inferFacts<Fact extends SampleFact>(
  facts: readonly Fact[],
): { fact: SampleFact; from: [Fact, Fact] }[] {
  return INFERENCES.flatMap(({ first, second, inferred }) =>
    facts
      .filter(({ relation }) => relation === first)
      .flatMap((one) =>
        facts
          .filter(({ relation, head }) => relation === second && head === one.tail)
          .map((two) => ({
            fact: { head: one.head, tail: two.tail, relation: inferred },
            from: [one, two] as [Fact, Fact],
          })),
      ),
  );
}

function inventWorld(split: SampleSplit, random: SeededRandom): SampleWorld {
  const taken = new Set<string>();
  const invent = (syllables: number): string => inventName(syllables, split, taken, random);
  const many = <T>(low: number, high: number, make: () => T): T[] =>
    Array.from({ length: random.between(low, high) }, make);

  const countries = many(2, 2, () => placeThing("COUNTRY", invent(3), ["Greater", "Upper", ""], random));
  const cities = many(3, 5, () => placeThing("CITY", invent(2), ["Port", "New", "", ""], random));
  const people = many(3, 4, () => personThing(invent(2), invent(2), random));
  const companies = many(3, 4, () => companyThing(invent(2), random));

  // Nobody works for a company of their own, so that no two things are related in two ways.
  const founders = new Map(companies.map((company) => [company, random.pick(people)]));
  const employers = people.map((person) => companies.filter((company) => founders.get(company) !== person));
  const facts: SampleFact[] = [
    ...cities.map((head) => ({ head, relation: "country", tail: random.pick(countries) })),
    ...people.map((head) => ({ head, relation: "birthplace", tail: random.pick(cities) })),
    ...companies.map((head) => ({ head, relation: "headquarters", tail: random.pick(cities) })),
    ...[...founders].map(([head, tail]) => ({ head, relation: "founder", tail })),
    ...people.flatMap((head, index) => {
      const others = employers[index] ?? [];
      return others.length === 0 ? [] : [{ head, relation: "employer", tail: random.pick(others) }];
    }),
  ];
  const [wife, husband] = people;
  if (wife && husband && random.chance(0.5)) {
    facts.push({ head: wife, relation: "spouse", tail: husband }, { head: husband, relation: "spouse", tail: wife });
  }
  const [owner, owned] = companies;
  if (owner && owned && random.chance(0.5)) facts.push({ head: owned, relation: "owner", tail: owner });
  const all = [...facts, ...inferFacts(facts).map(({ fact }) => fact)];
  return {
    things: [...countries, ...cities, ...people, ...companies],
    facts: new Set(all.map(factText)),
    related: new Set(all.flatMap(({ head, tail }) => [pairText(head, tail), pairText(tail, head)])),
  };
}

function placeThing(type: SampleType, name: string, prefixes: readonly string[], random: SeededRandom): SampleThing {
  const prefix = random.pick(prefixes);
  return { type, names: prefix === "" ? [name] : [`${prefix} ${name}`, name], female: false };
}

function personThing(givenName: string, familyName: string, random: SeededRandom): SampleThing {
  const female = random.chance(0.5);
  const title = female ? "Ms" : "Mr";
  return { type: "PER", names: [`${givenName} ${familyName}`, `${title} ${familyName}`, familyName], female };
}

function companyThing(name: string, random: SeededRandom): SampleThing {
  const [field, kind] = [random.pick(COMPANY_FIELDS), random.pick(COMPANY_KINDS)];
  return { type: "ORG", names: [`${name} ${field} ${kind}`, name, `${name} ${kind}`], female: false };
}

/** One or two sentences about a topic; the second states a fact and may leave the topic's name out. */
function planThread(
  topic: SampleThing,
  world: SampleWorld,
  stated: Set<string>,
  random: SeededRandom,
): SampleStatement[] {
  const first = pickStatement(statementsAbout(topic, random.chance(0.8), world, stated), random);
  if (first === undefined) return [];
  markStated(first, stated);
  if (!random.chance(0.7)) return [first];

  const candidates = statementsAbout(topic, random.chance(0.85), world, stated);
  // A pronoun must not be able to mean somebody else whom the sentence before names.
  const clear = first.others.every(({ type }) => type !== topic.type);
  const continued = candidates.filter(
    ({ template, others }) => template.continued.length > 0 && others.every(({ type }) => type !== topic.type),
  );
  const continues = clear && continued.length > 0 && random.chance(0.85);
  const second = pickStatement(continues ? continued : candidates, random);
  if (second === undefined) return [first];
  markStated(second, stated);
  return [first, { ...second, continues }];
}

/** A statement of a template drawn first, which favours none for the number of things it fits, but those that name more things. */
function pickStatement(statements: readonly SampleStatement[], random: SeededRandom): SampleStatement | undefined {
  const templates = [...new Set(statements.map(({ template }) => template))];
  if (templates.length === 0) return undefined;
  const long = templates.filter(({ others }) => others.length > 1);
  const template = random.pick(long.length > 0 && random.chance(0.4) ? long : templates);
  return random.pick(statements.filter((statement) => statement.template === template));
}

/** Statements about a topic that hold and state no fact again, or that state no fact and name no related things. */
function statementsAbout(
  topic: SampleThing,
  factual: boolean,
  world: SampleWorld,
  stated: ReadonlySet<string>,
): SampleStatement[] {
  const { facts, related } = world;
  return TEMPLATES.filter(({ topic: type, relations }) => type === topic.type && relations.length > 0 === factual)
    .flatMap((template) =>
      choices(template.others, world.things).map((others) => ({ template, topic, others, continues: false })),
    )
    .filter(({ topic: thing, others }) => !others.includes(thing))
    .filter(
      ({ others: [one, other] }) => one === undefined || other === undefined || !related.has(pairText(one, other)),
    )
    .filter((statement) => {
      if (!factual) return statement.others.every((other) => !related.has(pairText(topic, other)));
      return statedFacts(statement).every((fact) => facts.has(factText(fact)) && !stated.has(factText(fact)));
    });
}

/** Every list of things of the given types. */
function choices(types: readonly SampleType[], things: readonly SampleThing[]): SampleThing[][] {
  return types.reduce<SampleThing[][]>(
    (lists, type) =>
      lists.flatMap((list) => things.filter((thing) => thing.type === type).map((thing) => [...list, thing])),
    [[]],
  );
}

function markStated(statement: SampleStatement, stated: Set<string>): void {
  for (const fact of statedFacts(statement)) stated.add(factText(fact));
}

function factText({ head, relation, tail }: SampleFact): string {
  return `${head.names[0]} ${relation} ${tail.names[0]}`;
}

function pairText(one: SampleThing, other: SampleThing): string {
  return `${one.names[0]} / ${other.names[0]}`;
}
