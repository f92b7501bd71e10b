export { vrfOutput, vrfProver, vrfVerify } from "./vrf.ts";
