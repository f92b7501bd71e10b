import test from "ava";
import { goodFrames } from "./protocols/good-frames.ts";
import { fuzz } from "./fuzz/fuzz.ts";

// A share of `npm run fuzz`, which gives a million inputs to each.
const INPUTS = 10_000;

for (const name of Object.keys(goodFrames)) {
  test(`P1 to P4: ${name}: no input throws, loses a byte, waits for ever or gives a value that is not exact`, (t) => {
    const { quantities, refused } = fuzz(name, INPUTS, 1);
    // The inputs are near enough to go deep, and far enough to be refused.
    t.true(quantities > INPUTS / 100, `${quantities} were read`);
    t.true(refused > INPUTS / 10, `${refused} were refused`);
  });
}
