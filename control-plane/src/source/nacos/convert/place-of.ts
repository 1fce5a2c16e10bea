import type { EndpointConfig } from '@lanekeeper/protocol/model';

/** Where it is, as text: the same for one process, whatever else is said of it. */
export function placeOf({ address, ports }: EndpointConfig): string {
  return `${address} ${Object.values(ports).join(' ')}`;
}
