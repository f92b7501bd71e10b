/** What an application identifier says of the data behind it. */
export type Identifier = {
  readonly ai: string;
  /** Data of an AI whose length is predefined (GS2); all others end at GS or with the string. */
  readonly fixed: number | null;
  readonly data: RegExp;
  /** How many leading digits end in a check digit (GS3). */
  readonly checked: number | null;
};

/** The 82 characters of GS1 General Specifications, figure 7.11-1, as a class. */
const CHARACTERS = '[!"%-?A-Z_a-z]';
const LONGEST = 90;

/** AIs that this folder looks into; of the others only the length is known. */
const known: Readonly<Record<string, { readonly data: RegExp; readonly checked?: number }>> = {
  "00": { data: /^\d{18}$/, checked: 18 },
  "01": { data: /^\d{14}$/, checked: 14 },
  "02": { data: /^\d{14}$/, checked: 14 },
  "10": { data: upTo(20) },
  "21": { data: upTo(20) },
  "22": { data: upTo(20) },
  "30": { data: /^\d{1,8}$/ },
  "37": { data: /^\d{1,8}$/ },
  "240": { data: upTo(30) },
  "241": { data: upTo(30) },
  "400": { data: upTo(30) },
  "401": { data: upTo(30) },
  "402": { data: /^\d{17}$/, checked: 17 },
  "420": { data: upTo(20) },
  "8003": { data: new RegExp(`^0\\d{13}${CHARACTERS}{0,16}$`), checked: 14 },
  "8004": { data: upTo(30) },
};

function upTo(longest: number): RegExp {
  return new RegExp(`^${CHARACTERS}{1,${longest}}$`);
}

/** GS2: predefined lengths of the data, by the first two digits (General Specifications, figure 7.8.5-2). */
const predefined: Readonly<Record<string, number>> = {
  "00": 18,
  "01": 14,
  "02": 14,
  "03": 14,
  "04": 16,
  ...each(11, 19, 6),
  "20": 2,
  ...each(31, 36, 6),
  "41": 13,
};

/** How many digits an AI has, by its first two. */
const digits: Readonly<Record<string, number>> = {
  ...each(0, 4, 2),
  ...each(10, 22, 2),
  ...each(23, 25, 3),
  "30": 2,
  ...each(31, 36, 4),
  "37": 2,
  "39": 4,
  ...each(40, 42, 3),
  "43": 4,
  "70": 4,
  "71": 3,
  "72": 4,
  ...each(80, 82, 4),
  ...each(90, 99, 2),
};

function each(from: number, to: number, value: number): Readonly<Record<string, number>> {
  const pairs: [string, number][] = [];
  for (let number = from; number <= to; number++) pairs.push([number.toString().padStart(2, "0"), value]);
  return Object.fromEntries(pairs);
}

/** The AI with which this text begins; null = it begins with none. */
export function identifierAt(text: string): Identifier | null {
  const first = text.slice(0, 2);
  const length = digits[first];
  const ai = text.slice(0, length ?? 0);
  if (length === undefined || !/^\d+$/.test(ai) || ai.length < length) return null;
  const fixed = predefined[first] ?? null;
  const usual = fixed === null ? upTo(LONGEST) : new RegExp(`^\\d{${fixed}}$`);
  const { data, checked } = known[ai] ?? { data: usual };
  return { ai, fixed, data, checked: checked ?? null };
}
