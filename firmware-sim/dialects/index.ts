import { andStandard } from "./and-standard.ts";
import { cardinal } from "./cardinal.ts";
import { cas10 } from "./cas-10.ts";
import { cas } from "./cas.ts";
import { type Speaker, speakerOf } from "./dialect.ts";
import { mtSics } from "./mt-sics.ts";
import { nci } from "./nci.ts";
import { sma } from "./sma.ts";
import { toledo8217Kg, toledo8217Lb } from "./toledo-8217.ts";
import { toledoContinuous, toledoContinuousChecksum } from "./toledo-continuous.ts";
import { ohaus } from "./ohaus.ts";
import { radwag } from "./radwag.ts";
import { riceLake } from "./rice-lake.ts";
import { sartoriusSbi } from "./sartorius-sbi.ts";
import { stGs } from "./st-gs.ts";

import { usbHid } from "./usb-hid.ts";

export type { Answer, DialectInput, Speaker, Speech } from "./dialect.ts";

/** Every dialect of a simulated scale by its protocol. A new one is a file here and a line in this table (F16). */
export const dialects: ReadonlyMap<string, Speaker> = new Map(
  [
    speakerOf(andStandard),
    speakerOf(cardinal),
    speakerOf(cas),
    ...cas10.map(speakerOf),
    speakerOf(mtSics),
    speakerOf(nci),
    speakerOf(ohaus),
    speakerOf(radwag),
    speakerOf(riceLake),
    speakerOf(sartoriusSbi),
    speakerOf(sma),
    speakerOf(stGs),
    speakerOf(toledo8217Kg),
    speakerOf(toledo8217Lb),
    speakerOf(toledoContinuous),
    speakerOf(toledoContinuousChecksum),
    speakerOf(usbHid),
  ].map((speaker) => [speaker.protocol, speaker]),
);
