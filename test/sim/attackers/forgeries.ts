/** What an owner may sign instead of its bundle: as valid as that, or only nearly. */
import type { Bundle } from "../../../ledger/bundle/index.ts";
import type { Statement } from "../../../ledger/statement/index.ts";
import { type AttackContext, othersOf } from "./attack.ts";
import { type Forgery, truly } from "./forged-lane.ts";

/** `earlier`: what the lane said before. */
type Forger = (
  context: AttackContext,
  bundle: Bundle,
  statements: readonly Statement[],
  earlier: readonly Statement[],
) => Forgery;

/** Another header over the same statements. */
const younger: Forger = (context, bundle, statements) => ({
  ...truly(context, bundle, statements),
  createdMs: bundle.header.created + 1,
});

/** The same statements under a header that is not valid: who sees it first refuses, while the others certify its rival. */
const tooOld: Forger = (context, bundle, statements) => ({
  ...truly(context, bundle, statements),
  createdMs: Math.max(0, (statements.at(-1)?.measurement.at ?? 1) - 1),
});

/** Other statements in the same numbers, as valid as the true ones. */
const later: Forger = (context, bundle, statements) => ({
  ...truly(
    context,
    bundle,
    statements.map(({ measurement, ...rest }) => ({
      ...rest,
      measurement: { ...measurement, at: measurement.at + 1 },
    })),
  ),
  createdMs: bundle.header.created + 1,
});

/** A measurement that was sold before, in the number of another one. */
const soldTwice: Forger = (context, bundle, statements, earlier) => {
  const sold = earlier.length === 0 ? null : context.random.pick(earlier);
  if (sold === null) return later(context, bundle, statements, earlier);
  const again = statements.map((statement) => ({
    ...sold,
    number: statement.number,
    measurement: { ...sold.measurement, at: statement.measurement.at },
  }));
  return truly(context, bundle, again);
};

/** One statement less, so that all numbers that follow differ. */
const fewer: Forger = (context, bundle, statements, earlier) =>
  statements.length > 1 ? truly(context, bundle, statements.slice(0, -1)) : later(context, bundle, statements, earlier);

const renumbered: Forger = (context, bundle, statements) => ({
  ...truly(context, bundle, statements),
  firstOff: context.random.pick([-1, 1]),
});

/** L2: nothing but another signature. */
const resigned: Forger = (context, bundle, statements) => ({
  ...truly(context, bundle, statements),
  isSignatureOnly: true,
});

/** Y3: in another gateway's name, as far as receipts are concerned. */
const misnamed: Forger = (context, bundle, statements) => ({
  ...truly(context, bundle, statements),
  keyOf: context.random.pick(othersOf(context)),
});

export const FORGERS: readonly Forger[] = [younger, tooOld, later, soldTwice, fewer, renumbered, resigned, misnamed];
