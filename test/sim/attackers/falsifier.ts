/** Signs other masses than its scale showed: at random, drifting away slowly, or for one carrier's items alone. */
import type { Statement } from "../../../ledger/statement/index.ts";
import type { Random } from "../random.ts";
import { type Attack, strike } from "./attack.ts";
import { falsifiedLane } from "./falsified-lane.ts";

export const falsifier: Attack = {
  name: "falsifier",
  begin: (context) => {
    const falsify = context.random.pick([atRandom, drifting(), targeted]);
    return falsifiedLane(context, (statement) => {
      const altered = falsify(statement, context.random);
      if (altered !== statement) strike(context, "falsifier");
      return altered;
    });
  },
};

type Falsify = (statement: Statement, random: Random) => Statement;

const atRandom: Falsify = (statement, random) =>
  random.chance(0.3) ? heavier(statement, 1 + random.below(500)) : statement;

/** One more division every few items: each step is small enough to be an honest error. */
function drifting(): Falsify {
  let weighed = 0;
  return (statement) => {
    weighed += 1;
    const drift = weighed >> 2;
    return drift === 0 ? statement : heavier(statement, drift);
  };
}

/** One carrier, told by the last character of its items, always pays for more. */
const targeted: Falsify = (statement) =>
  /[37]$/.test(statement.measurement.item) ? heavier(statement, 25) : statement;

function heavier(statement: Statement, divisions: number): Statement {
  const { measurement } = statement;
  const { mass } = measurement;
  return { ...statement, measurement: { ...measurement, mass: { ...mass, mantissa: mass.mantissa + divisions } } };
}
