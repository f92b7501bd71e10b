/** The READMEs are the specification: every rule has code that cites it and a test whose title does, and nothing cites a rule that is not there. */
import { readdirSync, readFileSync } from "node:fs";
import test from "ava";

type Chapter = {
  readonly folder: string;
  readonly specification: string;
  readonly letter: string;
  readonly code: readonly string[];
  readonly tests: readonly string[];
  /** Rules that the README declares as not built. */
  readonly notBuilt: readonly string[];
};

const chapters: readonly Chapter[] = [
  {
    folder: "ledger/committee",
    specification: "README.md",
    letter: "C",
    code: ["ledger/committee", "ledger/message"],
    tests: ["test/committee"],
    notBuilt: [],
  },
  {
    folder: "ledger/lane",
    specification: "README.md",
    letter: "L",
    code: ["ledger/lane", "ledger/message", "ledger/replica"],
    tests: ["test/lane"],
    notBuilt: [],
  },
  {
    folder: "ledger/bundle",
    specification: "README.md",
    letter: "B",
    code: ["ledger/bundle"],
    tests: ["test/bundle"],
    notBuilt: [],
  },
  {
    folder: "ledger/crypto/vrf",
    specification: "README.md",
    letter: "V",
    code: ["ledger/crypto/vrf"],
    tests: ["test/crypto"],
    notBuilt: [],
  },
  {
    folder: "ledger/agreement",
    specification: "README.md",
    letter: "A",
    code: ["ledger/agreement", "ledger/committee", "ledger/leaders", "ledger/message"],
    tests: ["test/agreement"],
    notBuilt: [],
  },
  {
    folder: "ledger/evidence",
    specification: "README.md",
    letter: "E",
    code: ["ledger/evidence", "ledger/replica"],
    tests: ["test/evidence"],
    notBuilt: [],
  },
  {
    folder: "ledger/replica",
    specification: "README.md",
    letter: "R",
    code: ["ledger/replica"],
    tests: ["test/replica", "test/evidence"],
    notBuilt: [],
  },
];

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}

function sources(folder: string): readonly string[] {
  return readdirSync(new URL(`../../${folder}`, import.meta.url))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => read(`${folder}/${name}`));
}

/** "L1 to L8" and "B1-B5" cite all that lie between. */
function cited(text: string, letter: string): ReadonlySet<string> {
  const rules = new Set<string>();
  for (const [, from, to] of text.matchAll(new RegExp(`\\b${letter}(\\d+)(?:(?: to |-)${letter}(\\d+))?\\b`, "g"))) {
    for (let number = Number(from); number <= Number(to ?? from); number += 1) rules.add(`${letter}${number}`);
  }
  return rules;
}

function titles(folder: string): string {
  return sources(folder)
    .flatMap((text) =>
      [...text.matchAll(/\btest(?:\.\w+)?\(\s*["`]([^"`]*)/g)].map(
        ([, title = ""]) => /^[A-Z]\d+[^:]*:/.exec(title)?.[0] ?? "",
      ),
    )
    .join("\n");
}

for (const { folder, specification: file, letter, code, tests, notBuilt } of chapters) {
  const specification = read(`${folder}/${file}`);
  const rules = [...specification.matchAll(new RegExp(`^(?:- |\\| )\\*\\*(${letter}\\d+)\\b`, "gm"))].map(
    ([, rule = ""]) => rule,
  );

  test(`every rule ${letter}1, ${letter}2, ... of ${folder}/${file} is numbered without gaps, cited in code and in the title of a test`, (t) => {
    t.true(rules.length > 0);
    t.deepEqual(
      rules,
      rules.map((_, index) => `${letter}${index + 1}`),
    );
    const inCode = cited(code.flatMap(sources).join("\n"), letter);
    const inTitles = cited(tests.map(titles).join("\n"), letter);
    t.deepEqual(
      rules.filter((rule) => !inCode.has(rule)),
      [],
      "rules that no code cites",
    );
    t.deepEqual(
      rules.filter((rule) => !inTitles.has(rule)),
      [],
      "rules that no test is named after",
    );
  });

  test(`code and tests of ${folder} cite no rule ${letter} that ${file} does not have`, (t) => {
    const known = new Set(rules);
    const all = cited([...sources(folder), ...tests.map(titles)].join("\n"), letter);
    t.deepEqual(
      [...all].filter((rule) => !known.has(rule)),
      [],
    );
    for (const rule of notBuilt) t.true(specification.includes(rule) && /not built/i.test(specification));
  });
}
