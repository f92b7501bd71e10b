import type { Aedes } from "aedes";
import type { PublishedDevice } from "../../published-device.ts";
import type { NodeName } from "../../protocols/sparkplug/index.ts";

/** aedes keeps these types to itself. */
export type Client = Parameters<Aedes["authenticate"]>[0];
export type Publication = Parameters<Aedes["authorizePublish"]>[1];

/** B1: who a connection is. */
export type Who =
  | { readonly kind: "device"; readonly device: PublishedDevice }
  | { readonly kind: "node"; readonly node: NodeName };
