import type { DatasetFormat } from "./load.ts";

/** What a file of a data set is for. */
export type DatasetRole = "train" | "development" | "test" | "labels";

/** One file of a data set. */
export interface CatalogFile {
  readonly role: DatasetRole;
  /** Folder and name within a data directory, with `/` between them. */
  readonly path: string;
  /** Where it can be fetched without a person's help. */
  readonly url?: string;
  /** The contents that are known for it, any of which will do; none known: any contents will do. */
  readonly versions: readonly FileVersion[];
  /** Whether the data set is of use without it. */
  readonly optional?: boolean;
}

/** Contents of a file, by size and digest. */
export interface FileVersion {
  readonly bytes: number;
  /** SHA-256 in hexadecimal, or as many of its first digits as are known. */
  readonly sha256: string;
}

/** A data set by name: its files, and where they come from. */
export interface CatalogEntry {
  readonly name: string;
  /** What tables call it. */
  readonly title: string;
  readonly format: DatasetFormat;
  readonly licence: string;
  readonly homepage: string;
  /** How to get the files that have no address of their own. */
  readonly instructions: string;
  readonly files: readonly CatalogFile[];
}

const RE_DOCRED_FILES = "https://raw.githubusercontent.com/tonytan48/Re-DocRED/main/data";

const reDocredDevelopment: Omit<CatalogFile, "role"> = {
  path: "re-docred/dev_revised.json",
  url: `${RE_DOCRED_FILES}/dev_revised.json`,
  versions: [{ bytes: 3_245_588, sha256: "051ee1d057204a5d08ef5502beacdadf191245b5eaf0e29ec2c607cf002c016f" }],
};

const relationInfo: CatalogFile = {
  role: "labels",
  path: "docred/rel_info.json",
  versions: [{ bytes: 2_452, sha256: "5ecf4e5e55c179fc83a3a3d19baa01efffecb26ba5edc0b4ac5a54ddf61fe3de" }],
  optional: true,
};

type AcePaths = Readonly<Record<"train" | "development" | "test", string>>;

/** What DyGIE's scripts make of a corpus that is sold; nothing is known of the contents of its files. */
function aceEntry(name: string, title: string, corpus: string, paths: AcePaths): CatalogEntry {
  const homepage = `https://catalog.ldc.upenn.edu/${corpus}`;
  return {
    name,
    title,
    format: "scierc",
    licence: "Linguistic Data Consortium; not free",
    homepage,
    instructions:
      `Get the corpus ${corpus} from the Linguistic Data Consortium (${homepage}) and make the files from it with the ` +
      "scripts in `preprocessing` of https://github.com/luanyi/DyGIE.",
    files: (["train", "development", "test"] as const).map((role) => ({ role, path: paths[role], versions: [] })),
  };
}

/** One fold of ACE04: the scripts make a training and a test file of each. */
function ace04Entry(fold: number): CatalogEntry {
  const place = (split: string): string => `ace04/json/${split}/${fold}.json`;
  const paths = { train: place("train"), development: place("dev"), test: place("test") };
  const entry = aceEntry(`ace04-${fold}`, `ACE04 (fold ${fold})`, "LDC2005T09", paths);
  const advice = "They make no development file: move some of the documents of the training file into one.";
  return { ...entry, instructions: `${entry.instructions} ${advice}` };
}

/** The data sets that `prepareDataset` knows. */
export const DATASETS: readonly CatalogEntry[] = [
  {
    name: "docred",
    title: "DocRED",
    format: "docred",
    licence: "MIT",
    homepage: "https://github.com/thunlp/DocRED",
    instructions:
      "Download it from the folder that the authors share, " +
      "https://drive.google.com/drive/folders/1c5-0YwnoJx8NS6CV2f-NoTHR__BdkNqw, in a browser.",
    files: [
      {
        role: "train",
        path: "docred/train_annotated.json",
        versions: [{ bytes: 13_029_595, sha256: "7e706348a02cf91f38bd8c379f934ab61aedadc901fca10d962c1d82ab78e95b" }],
      },
      {
        role: "development",
        path: "docred/dev.json",
        // Two releases are about.
        versions: [
          { bytes: 4_299_810, sha256: "85691c5ca1df" },
          { bytes: 4_287_303, sha256: "4554f7487a6fda3bab4d4e59432e065b7485dfb885bd7f05fd60fc7e93ee7e3e" },
        ],
      },
      {
        role: "test",
        path: "docred/test.json",
        versions: [{ bytes: 3_674_242, sha256: "09386b5cb582" }],
        optional: true,
      },
      relationInfo,
    ],
  },
  {
    name: "re-docred",
    title: "Re-DocRED",
    format: "docred",
    licence: "MIT",
    homepage: "https://github.com/tonytan48/Re-DocRED",
    instructions: "Download it from the folder `data` of https://github.com/tonytan48/Re-DocRED.",
    files: [
      {
        role: "train",
        path: "re-docred/train_revised.json",
        url: `${RE_DOCRED_FILES}/train_revised.json`,
        versions: [{ bytes: 18_602_933, sha256: "c40a137a1c57f3e2daaf5ebf511eaa1518f9305ffaa3052d46271921a91826f2" }],
      },
      { role: "development", ...reDocredDevelopment },
      {
        role: "test",
        path: "re-docred/test_revised.json",
        url: `${RE_DOCRED_FILES}/test_revised.json`,
        versions: [{ bytes: 3_207_228, sha256: "ea673b7ef91e16510d7eb88863d3903e47318dc5653ef361266f27ae3b84723c" }],
      },
      relationInfo,
    ],
  },
  {
    name: "re-docred-lite",
    title: "Re-DocRED-lite",
    format: "docred",
    licence: "MIT",
    homepage: "https://github.com/tonytan48/Re-DocRED",
    instructions: "Write the first 250 documents of Re-DocRED's `test_revised.json` to it, as a JSON list.",
    files: [
      { role: "train", ...reDocredDevelopment },
      {
        role: "development",
        path: "re-docred/test_open_250.json",
        versions: [{ bytes: 1_611_721, sha256: "5e840710e6e977675bb75f82c115b36c1b07ca6d0e5548e7c517e47546f719a6" }],
      },
      relationInfo,
    ],
  },
  {
    name: "cdr",
    title: "CDR",
    format: "biomedical-table",
    licence: "public; abstracts of PubMed, check before redistributing",
    homepage: "https://biocreative.bioinformatics.udel.edu/tasks/biocreative-v/track-3-cdr/",
    instructions:
      "Make it from the PubTator files (data set `cdr-pubtator`) with the scripts in `data_processing` of " +
      "https://github.com/fenchri/edge-oriented-graph, or take the one of the ATLOP authors.",
    files: [
      {
        role: "train",
        path: "cdr/train_filter.data",
        versions: [{ bytes: 1_708_332, sha256: "01151e361e8a88737614ea776bf9c8edbc6fdc5f036476ea409aa902656d713e" }],
      },
      {
        role: "development",
        path: "cdr/dev_filter.data",
        versions: [{ bytes: 1_691_182, sha256: "f4c91812447e01d149b2149248a8702272e60f7054f1be3e4c911be5e5e7b30e" }],
      },
      {
        role: "test",
        path: "cdr/test_filter.data",
        versions: [{ bytes: 1_746_543, sha256: "a986b6073f259c2bb3963887856d6b7e95fd3e4284c1ed9291d6bb5b160c31ae" }],
      },
    ],
  },
  {
    name: "cdr-pubtator",
    title: "CDR (PubTator)",
    format: "pubtator",
    licence: "public; abstracts of PubMed, check before redistributing",
    homepage: "https://biocreative.bioinformatics.udel.edu/tasks/biocreative-v/track-3-cdr/",
    instructions:
      "Download https://biocreative.bioinformatics.udel.edu/media/store/files/2016/CDR_Data.zip and unpack it; " +
      "the file is in `CDR_Data/CDR.Corpus.v010516`.",
    files: [
      {
        role: "train",
        path: "cdr/CDR_TrainingSet.PubTator.txt",
        versions: [{ bytes: 1_129_999, sha256: "5e3734bef7b33ae10c3c7648dc3d0fe0b1a6ca9703588efaeed09dd9a5ab9db8" }],
      },
      {
        role: "development",
        path: "cdr/CDR_DevelopmentSet.PubTator.txt",
        versions: [{ bytes: 1_127_990, sha256: "9e18d8e700168887a7919e62f67ac2ce2357e3f409a48ee992906abdd80fe3e5" }],
      },
      {
        role: "test",
        path: "cdr/CDR_TestSet.PubTator.txt",
        versions: [{ bytes: 1_168_687, sha256: "a3c48d5f35bdfce20c2371778abedc9fd24d1da092207072e5181ad53c8d0e2f" }],
      },
    ],
  },
  {
    name: "gda",
    title: "GDA",
    format: "biomedical-table",
    licence: "see the authors' page; abstracts of PubMed, check before redistributing",
    homepage: "https://bitbucket.org/alexwuhkucs/gda-extraction",
    instructions:
      "Make it from https://bitbucket.org/alexwuhkucs/gda-extraction with the scripts in `data_processing` of " +
      "https://github.com/fenchri/edge-oriented-graph.",
    files: [
      { role: "train", path: "gda/train.data", versions: [] },
      { role: "development", path: "gda/dev.data", versions: [] },
      { role: "test", path: "gda/test.data", versions: [] },
    ],
  },
  {
    name: "scierc",
    title: "SciERC",
    format: "scierc",
    licence: "see the authors' page; check before redistributing",
    homepage: "http://nlp.cs.washington.edu/sciIE/",
    instructions:
      "Download http://nlp.cs.washington.edu/sciIE/data/sciERC_processed.tar.gz and unpack it; the file is in " +
      "`processed_data/json`.",
    files: [
      {
        role: "train",
        path: "scierc/train.json",
        versions: [{ bytes: 720_663, sha256: "a1e656c4de5d5552c1fba0e5416ad10541e711e0723cec71ffa11179aa33060d" }],
      },
      {
        role: "development",
        path: "scierc/dev.json",
        versions: [{ bytes: 103_315, sha256: "56e16fa779f8315ad49826223c206803022f9a2148f8dc14ba8436748cca0a8a" }],
      },
      {
        role: "test",
        path: "scierc/test.json",
        versions: [{ bytes: 213_897, sha256: "82aaf0bf709c4da8bcaf28463e18fc6671eb7fe739f7312226dc18f3efff9989" }],
      },
    ],
  },
  aceEntry("ace05", "ACE05", "LDC2006T06", {
    train: "ace05/json/train.json",
    development: "ace05/json/dev.json",
    test: "ace05/json/test.json",
  }),
  ...[0, 1, 2, 3, 4].map(ace04Entry),
];
