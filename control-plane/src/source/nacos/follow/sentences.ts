import type { NamingStatus } from '@lanekeeper/nacos/naming-client';
import type { Hold } from '../recovery/recovery-watch.ts';

export function describeOutage({ sinceMs, problem }: NamingStatus): string {
  const since = new Date(sinceMs).toISOString();
  return `no server has answered since ${since}: ${problem ?? 'not connected'}; what was last known is served`;
}

export interface Held {
  readonly hold: Hold;
  /** Instances that are served though the server lacks them, and the services that they are of. */
  readonly kept: number;
  readonly services: readonly string[];
  /** How long it still lasts. */
  readonly forMs: number;
}

/** Services that are named; the others are counted. */
const MAX_NAMED = 5;

export function describeHold({ hold, kept, services, forMs }: Held): string {
  const left = Math.ceil(forMs / 1000);
  const others = services.length - MAX_NAMED;
  const named = services.slice(0, MAX_NAMED).join(', ') + (others > 0 ? ` and ${others} more` : '');
  return (
    `the server came back without its data: ${kept} of ${hold.known} instances that were known are still missing ` +
    `(of ${named}); they are served for ${left} s more, or until they are back`
  );
}
