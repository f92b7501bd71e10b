/** What is at the end of this line? See README.md. */
export { type Place, probeLine, type ProbeReport } from "./probe.ts";
