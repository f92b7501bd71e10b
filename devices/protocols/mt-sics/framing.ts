import { lineFraming } from "../line/index.ts";

/** M1: the longest reply of level 0 and 1 is far below; more without a line end is noise. */
const LONGEST_LINE = 126;

/** Lines closed by CR LF (M1, L1); `lineOf` gives the text without line end and parity bits (M2, L2). */
export const { takeFrame, lineOf, maxFrameBytes: MT_SICS_FRAME_BYTES } = lineFraming({ longest: LONGEST_LINE });
