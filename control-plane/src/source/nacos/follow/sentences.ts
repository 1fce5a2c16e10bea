import type { NamingStatus } from '@lanekeeper/nacos/naming-client';
import type { Hold } from '../recovery/recovery-watch.ts';

export function describeOutage({ sinceMs, problem }: NamingStatus): string {
  const since = new Date(sinceMs).toISOString();
  return `no server has answered since ${since}: ${problem ?? 'not connected'}; what was last known is served`;
}

export interface Held {
  readonly hold: Hold;
  readonly kept: number;
  /** How long it still lasts. */
  readonly forMs: number;
}

export function describeHold({ hold, kept, forMs }: Held): string {
  const left = Math.ceil(forMs / 1000);
  return (
    `the server came back without its data: ${kept} of ${hold.known} instances that were known are still missing; ` +
    `they are served for ${left} s more, or until they are back`
  );
}
