import type { KubeEndpointSlice } from '../objects.ts';

/** Zones of nodes, as the endpoints on them have it: nodes themselves are not watched. */
export class NodeZones {
  /** Node -> zone -> number of endpoints that say so. */
  readonly #said = new Map<string, Map<string, number>>();

  /** Endpoints of one node disagree for a moment at most; every replica decides alike then. */
  zoneOf(node: string): string | undefined {
    return [...(this.#said.get(node)?.keys() ?? [])].sort()[0];
  }

  /** Replaces one slice by another and returns the nodes whose zone is another one by it. */
  replace(before: KubeEndpointSlice | undefined, after: KubeEndpointSlice | undefined): readonly string[] {
    const nodes = new Set([...nodesOf(before), ...nodesOf(after)]);
    const zones = new Map([...nodes].map((node) => [node, this.zoneOf(node)]));
    this.#count(after, 1);
    this.#count(before, -1);
    return [...nodes].filter((node) => zones.get(node) !== this.zoneOf(node));
  }

  #count(slice: KubeEndpointSlice | undefined, by: 1 | -1): void {
    for (const { nodeName, zone } of slice?.endpoints ?? []) {
      if (nodeName === undefined || zone === undefined) continue;
      const zones = this.#said.get(nodeName) ?? new Map<string, number>();
      const count = (zones.get(zone) ?? 0) + by;
      if (count > 0) zones.set(zone, count);
      else zones.delete(zone);
      if (zones.size > 0) this.#said.set(nodeName, zones);
      else this.#said.delete(nodeName);
    }
  }
}

function nodesOf(slice: KubeEndpointSlice | undefined): readonly string[] {
  return (slice?.endpoints ?? []).flatMap(({ nodeName }) => (nodeName === undefined ? [] : [nodeName]));
}
