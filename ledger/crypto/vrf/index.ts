export { VRF_PROOF_BYTES, vrfOutput, vrfProver, vrfVerify } from "./vrf.ts";
