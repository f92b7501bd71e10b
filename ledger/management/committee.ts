import type { Site } from "./site.ts";

/** G1: how many of n gateways may lie while all promises hold: floor((n - 1) / 3). */
export const faultsOf = (gateways: number): number => Math.floor((gateways - 1) / 3);

/** G1: how many of n gateways decide: ceil((n + f + 1) / 2), so that two quorums share an honest gateway. */
export const quorumOf = (gateways: number): number => Math.ceil((gateways + faultsOf(gateways) + 1) / 2);

/** G9: the places of the gateways that have not left, ascending: those that vote. */
export function votersOf({ gateways }: Pick<Site, "gateways">): readonly number[] {
  return gateways.flatMap(({ left }, index) => (left ? [] : [index]));
}

/** G2: the origin line of the site's checkpoints. */
export const originOf = (site: string): string => `tallystick/${site}`;
