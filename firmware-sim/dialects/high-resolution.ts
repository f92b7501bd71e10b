import type { Indicator } from "../scale/indicator.ts";

/** The same indicator with one digit more, as the commands for ten times the resolution show it. */
export const inHighResolution = (indicator: Indicator): Indicator => ({
  ...indicator,
  settings: {
    ...indicator.settings,
    displays: indicator.settings.displays.map(({ unit, division: { mantissa, exponent } }) => ({
      unit,
      division: { mantissa, exponent: exponent - 1 },
    })),
  },
});
