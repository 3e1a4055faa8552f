/** Kinds of things in the sample world. */
export type SampleType = "PER" | "ORG" | "CITY" | "COUNTRY";

/** A way to state something about a topic and one or two other things. */
export interface SampleTemplate {
  /** What the sentence is about. */
  readonly topic: SampleType;
  /** The other things it names, as `{0}` and `{1}`. */
  readonly others: readonly SampleType[];
  /** The relation between the topic and each other thing; none for a sentence that states no fact. */
  readonly relations: readonly string[];
  /** Sentences that name the topic, as `{topic}`. The last one stays out of training. */
  readonly named: readonly string[];
  /** Sentences that go on about the topic of the sentence before, without its name. The last one stays out of training. */
  readonly continued: readonly string[];
}

/** Relations whose head is not the topic but the other thing. */
export const REVERSED: ReadonlySet<string> = new Set(["owner"]);

/** The relations of the sample world, in alphabetical order. */
export const SAMPLE_RELATIONS: readonly string[] = [
  "birthplace",
  "citizenship",
  "country",
  "employer",
  "founder",
  "headquarters",
  "owner",
  "spouse",
];

/** Everything that sample documents say. */
export const TEMPLATES: readonly SampleTemplate[] = [
  {
    topic: "PER",
    others: ["CITY"],
    relations: ["birthplace"],
    named: [
      "{topic} was born in {0} .",
      "{topic} is a native of {0} .",
      "The birthplace of {topic} is {0} .",
      "It was in {0} that {topic} was born .",
      "{topic} was born to a family of bakers in {0} .",
      "{0} is where {topic} was born and grew up .",
      "{topic} came into the world in {0} .",
    ],
    continued: [
      "{She} was born in {0} .",
      "{Her} birthplace is {0} .",
      "{She} is a native of {0} .",
      "{Her} parents lived in {0} when {she} was born .",
      "{She} came into the world in {0} .",
    ],
  },
  {
    topic: "PER",
    others: ["ORG"],
    relations: ["employer"],
    named: [
      "{topic} works for {0} .",
      "{topic} is employed by {0} as an engineer .",
      "{0} hired {topic} last year .",
      "{topic} has been on the staff of {0} for ten years .",
      "{topic} earns a living as an accountant at {0} .",
      "Among the employees of {0} is {topic} .",
    ],
    continued: [
      "{She} works for {0} .",
      "{Her} employer is {0} .",
      "{She} has been on the staff of {0} for ten years .",
      "{She} is employed by {0} as a clerk .",
    ],
  },
  {
    topic: "PER",
    others: ["COUNTRY"],
    relations: ["citizenship"],
    named: [
      "{topic} is a citizen of {0} .",
      "{topic} holds a passport of {0} .",
      "{0} counts {topic} among its citizens .",
      "{topic} has the citizenship of {0} .",
    ],
    continued: ["{She} is a citizen of {0} .", "{She} holds a passport of {0} .", "{She} has the citizenship of {0} ."],
  },
  {
    topic: "PER",
    others: ["PER"],
    relations: ["spouse"],
    named: [
      "{topic} is married to {0} .",
      "{topic} and {0} are a married couple .",
      "{topic} married {0} in a small church .",
      "The wedding of {topic} and {0} took place in June .",
    ],
    continued: [],
  },
  {
    topic: "PER",
    others: ["ORG", "CITY"],
    relations: ["employer", "birthplace"],
    named: [
      "{topic} , an engineer employed by {0} , was born in {1} .",
      "{topic} , a native of {1} , works for {0} .",
      "Born in {1} , {topic} was hired by {0} at an early age .",
    ],
    continued: ["{She} works for {0} and is a native of {1} .", "Born in {1} , {she} is now on the staff of {0} ."],
  },
  {
    topic: "ORG",
    others: ["CITY"],
    relations: ["headquarters"],
    named: [
      "{topic} has its headquarters in {0} .",
      "The head office of {topic} stands in {0} .",
      "{topic} is based in {0} .",
      "{0} is the seat of {topic} .",
      "{topic} is run from its main building in {0} .",
    ],
    continued: [
      "{The company} has its headquarters in {0} .",
      "{The company} is based in {0} .",
      "Its head office stands in {0} .",
      "{The company} is run from its main building in {0} .",
    ],
  },
  {
    topic: "ORG",
    others: ["PER"],
    relations: ["founder"],
    named: [
      "{topic} was founded by {0} .",
      "{0} founded {topic} with two friends .",
      "The founder of {topic} is {0} .",
      "{0} set up {topic} with borrowed money .",
      "{topic} was started by {0} in a garage .",
    ],
    continued: [
      "{The company} was founded by {0} .",
      "Its founder is {0} .",
      "{0} set up {the company} with borrowed money .",
      "{The company} was started by {0} in a garage .",
    ],
  },
  {
    topic: "ORG",
    others: ["ORG"],
    relations: ["owner"],
    named: [
      "{topic} owns {0} .",
      "{topic} bought {0} and still owns it .",
      "{0} is a subsidiary of {topic} .",
      "{0} belongs to {topic} .",
    ],
    continued: [],
  },
  {
    topic: "ORG",
    others: ["PER", "CITY"],
    relations: ["founder", "headquarters"],
    named: [
      "{topic} , founded by {0} , has its headquarters in {1} .",
      "{topic} , based in {1} , was founded by {0} .",
      "{0} founded {topic} , which is based in {1} .",
    ],
    continued: ["{The company} is based in {1} and was founded by {0} .", "Its founder is {0} , its seat is in {1} ."],
  },
  {
    topic: "CITY",
    others: ["COUNTRY"],
    relations: ["country"],
    named: [
      "{topic} is a city in {0} .",
      "{topic} lies in the north of {0} .",
      "One of the oldest towns of {0} is {topic} .",
      "{topic} is the largest port of {0} .",
      "{topic} belongs to a coastal province of {0} .",
      "In the south of {0} lies {topic} .",
    ],
    continued: [],
  },
  {
    topic: "PER",
    others: ["CITY"],
    relations: [],
    named: [
      "{topic} spent two winters in {0} .",
      "{topic} gave a lecture in {0} .",
      "{topic} once missed a train in {0} .",
      "{topic} studied law in {0} .",
    ],
    continued: ["{She} spent a holiday in {0} .", "{She} studied law in {0} .", "{She} gave a lecture in {0} ."],
  },
  {
    topic: "PER",
    others: ["ORG"],
    relations: [],
    named: [
      "{topic} turned down an offer from {0} .",
      "{topic} wrote a report about {0} .",
      "{topic} lost a lawsuit against {0} .",
    ],
    continued: ["{She} turned down an offer from {0} .", "{She} wrote a report about {0} ."],
  },
  {
    topic: "PER",
    others: ["COUNTRY"],
    relations: [],
    named: [
      "{topic} crossed {0} on foot .",
      "{topic} wrote a travel book about {0} .",
      "{topic} has never been to {0} .",
    ],
    continued: ["{She} crossed {0} on foot .", "{She} has never been to {0} ."],
  },
  {
    topic: "PER",
    others: ["PER"],
    relations: [],
    named: ["{topic} met {0} at a fair .", "{topic} plays chess with {0} .", "{topic} went to school with {0} ."],
    continued: [],
  },
  {
    topic: "PER",
    others: ["ORG", "CITY"],
    relations: [],
    named: [
      "{topic} visited a plant of {0} in {1} .",
      "{topic} lost a letter from {0} on the way to {1} .",
      "In {1} , {topic} read about the troubles of {0} .",
    ],
    continued: ["{She} visited a plant of {0} in {1} .", "In {1} , {she} read about the troubles of {0} ."],
  },
  {
    topic: "PER",
    others: ["PER", "CITY"],
    relations: [],
    named: [
      "{topic} met {0} in {1} .",
      "In {1} , {topic} argued with {0} .",
      "{topic} and {0} gave a concert in {1} .",
    ],
    continued: [],
  },
  {
    topic: "ORG",
    others: ["ORG", "COUNTRY"],
    relations: [],
    named: [
      "{topic} and {0} share a mine in {1} .",
      "{topic} sold a mine in {1} to {0} .",
      "In {1} , {topic} sued {0} .",
    ],
    continued: [],
  },
  {
    topic: "ORG",
    others: ["CITY"],
    relations: [],
    named: [
      "{topic} closed its branch in {0} .",
      "{topic} paid for a new bridge in {0} .",
      "{topic} sells most of its boats in {0} .",
    ],
    continued: ["{The company} closed its branch in {0} .", "{The company} paid for a new bridge in {0} ."],
  },
  {
    topic: "ORG",
    others: ["COUNTRY"],
    relations: [],
    named: ["{topic} exports timber to {0} .", "{topic} was fined in {0} .", "{topic} buys its copper in {0} ."],
    continued: ["{The company} exports timber to {0} .", "{The company} was fined in {0} ."],
  },
  {
    topic: "ORG",
    others: ["ORG"],
    relations: [],
    named: ["{topic} competes with {0} .", "{topic} sued {0} over a patent .", "{topic} shares a warehouse with {0} ."],
    continued: [],
  },
  {
    topic: "CITY",
    others: ["CITY"],
    relations: [],
    named: [
      "A railway links {topic} with {0} .",
      "{topic} is older than {0} .",
      "{topic} and {0} hold a yearly boat race .",
    ],
    continued: [],
  },
];

/** Facts that follow from two stated ones: head → middle by the first, middle → tail by the second. */
export const INFERENCES: readonly { readonly first: string; readonly second: string; readonly inferred: string }[] = [
  { first: "birthplace", second: "country", inferred: "citizenship" },
  { first: "headquarters", second: "country", inferred: "country" },
];
