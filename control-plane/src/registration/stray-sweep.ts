import { setTimeout as sleep } from 'node:timers/promises';
import type { NacosInstance, ServiceKey } from '@lanekeeper/nacos/instance';
import type { NamingClient } from '@lanekeeper/nacos/naming-client';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import type { Log } from '@lanekeeper/runtime/log';
import { eachLimited } from '../source/nacos/follow/each-limited.ts';
import type { PlannedRegistration, RegistrationPlace } from './registration-plan.ts';

export interface SweptPlace {
  readonly place: RegistrationPlace;
  readonly groups: readonly string[];
}

export interface SweepOptions {
  readonly places: readonly SweptPlace[];
  readonly open: (place: RegistrationPlace) => NamingClient;
  /** By its metadata: of this cluster, and nobody wants it there. */
  readonly isStray: (found: PlannedRegistration) => boolean;
  readonly withdraw: (stray: PlannedRegistration) => Promise<void>;
  readonly log: Log;
  readonly retry?: { readonly baseMs: number; readonly maxMs: number };
}

/** Services that are asked about at a time. */
const AT_ONCE = 8;
const RETRY = { baseMs: 1_000, maxMs: 60_000 };

/**
 * Takes out what the control plane has registered at some time and no replica remembers: pods that went while all of them were
 * away. Each place is tried until it is done, or `term` is over.
 */
export async function sweepStrays(options: SweepOptions, term: AbortSignal): Promise<void> {
  await Promise.all(options.places.map((at) => sweepUntilDone(at, options, term)));
}

async function sweepUntilDone(at: SweptPlace, options: SweepOptions, term: AbortSignal): Promise<void> {
  if (term.aborted) return;
  const { open, log, retry = RETRY } = options;
  const client = open(at.place);
  for (let attempt = 0; !term.aborted; attempt += 1) {
    try {
      await connected(client, term);
      await sweepOnce({ at, client }, options, term);
      break;
    } catch (err) {
      if (attempt === 0 && !term.aborted) log.warn({ err, ...at.place }, 'nacos_sweep_failed');
    }
    await sleep(backoffMs(attempt, retry), undefined, { signal: term, ref: false }).catch(() => undefined);
  }
  await client.close();
}

/** A client that was opened just now cannot be asked yet. Resolves when it can, or when the term is over. */
function connected(client: NamingClient, term: AbortSignal): Promise<void> {
  if (client.status().state === 'connected') return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      term.removeEventListener('abort', done);
      unsubscribe();
      resolve();
    };
    const unsubscribe = client.onStatus(({ state }) => {
      if (state === 'connected') done();
    });
    term.addEventListener('abort', done);
  });
}

interface Swept {
  readonly at: SweptPlace;
  readonly client: NamingClient;
}

async function sweepOnce(
  { at: { place, groups }, client }: Swept,
  { isStray, withdraw, log }: SweepOptions,
  term: AbortSignal,
): Promise<void> {
  for (const group of groups) {
    if (term.aborted) return;
    const names = await client.listServices(group);
    await eachLimited(names, AT_ONCE, async (name) => {
      if (term.aborted) return;
      const service = { group, name };
      const { instances } = await client.query(service);
      const found = instances.map((instance) => ({ place, registration: asRegistration(service, instance) }));
      for (const stray of found.filter(isStray)) {
        if (term.aborted) return;
        await withdraw(stray);
        log.info({ ...place, ...service, ip: stray.registration.ip }, 'nacos_stray_withdrawn');
      }
    });
  }
}

function asRegistration(
  service: ServiceKey,
  { ip, port, cluster, weight, metadata }: NacosInstance,
): PlannedRegistration['registration'] {
  return { service, ip, port, cluster, weight, metadata };
}
