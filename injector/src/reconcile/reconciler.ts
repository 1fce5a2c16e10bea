import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { EventRecorder } from '@lanekeeper/kubernetes/events';
import { PODS } from '@lanekeeper/kubernetes/resources';
import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { KubernetesFacts } from '../facts/kubernetes-facts.ts';
import { findUninjected, type Uninjected } from './find-uninjected.ts';
import { placesToLook, type Place } from './places-to-look.ts';

export interface ReconcilerOptions {
  readonly client: Pick<ApiClient, 'list'>;
  readonly facts: Pick<KubernetesFacts, 'namespaces' | 'nativeSidecars'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly metrics: Metrics;
  readonly log: Log;
  /** The injector's own. */
  readonly namespace: string;
  /** Between two rounds. */
  readonly everyMs: number;
}

export interface Reconciler {
  /** One look at everything. Rejects with ApiError. */
  round(): Promise<void>;
  /** Round after round until the term ends; what fails is logged. Never rejects. */
  run(term: AbortSignal): Promise<void>;
  /** Another replica reports now. */
  forget(): void;
}

/** Pods of a page: about 1 MB, some 10 ms of parsing beside the admissions. */
const PAGE = 100;

/**
 * Finds pods that were admitted while no injector answered, or before their namespace joined the mesh, and says so: a gauge, an
 * Event at the pod and a line in the log, each pod once. It deletes nothing: when a workload restarts is its owner's decision.
 */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const reported = new Set<string>();
  const gauge = options.metrics.gauge({
    name: 'lanekeeper_uninjected_pods',
    help: 'Pods that run without the sidecar that they should have; by the replica that holds the Lease.',
    labels: ['namespace'],
  });
  const namespaces = new Set<string>();
  const show = (counts: ReadonlyMap<string, number>): void => {
    for (const name of counts.keys()) namespaces.add(name);
    for (const name of namespaces) gauge.with(name).set(counts.get(name) ?? 0);
  };
  const round = async (): Promise<void> => {
    const found = await findAll(options);
    show(countByNamespace(found));
    const uids = new Set(found.map(({ uid }) => uid));
    for (const uid of reported) if (!uids.has(uid)) reported.delete(uid);
    for (const one of found.filter(({ uid }) => !reported.has(uid))) {
      reported.add(one.uid);
      report(one, options);
    }
  };
  return {
    round,
    async run(term) {
      while (!term.aborted) {
        await round().catch((error: unknown) => options.log.warn({ err: error }, 'reconcile_failed'));
        // It only rejects when the term ends.
        await sleep(options.everyMs, undefined, { signal: term }).catch(() => undefined);
      }
    },
    forget() {
      reported.clear();
      show(new Map());
    },
  };
}

async function findAll(options: ReconcilerOptions): Promise<readonly Uninjected[]> {
  const found = new Map<string, Uninjected>();
  for (const place of placesToLook(options.facts.namespaces)) {
    for await (const one of lookAt(place, options)) found.set(one.uid, one);
  }
  return [...found.values()];
}

async function* lookAt(
  { namespace, labelSelector }: Place,
  { client, facts, namespace: ownNamespace }: ReconcilerOptions,
): AsyncGenerator<Uninjected> {
  let continueToken: string | undefined;
  do {
    const page = await client.list(
      { resource: PODS, ...(namespace === undefined ? {} : { namespace }) },
      {
        limit: PAGE,
        ...(labelSelector === undefined ? {} : { labelSelector }),
        ...(continueToken === undefined ? {} : { continueToken }),
      },
    );
    for (const object of page.items) {
      const namespaceFacts = facts.namespaces.get(object.metadata.namespace ?? '');
      if (namespaceFacts === undefined) continue;
      const circumstances = { namespaceFacts, nativeSidecars: facts.nativeSidecars(), ownNamespace };
      const one = findUninjected(object, circumstances);
      if (one !== undefined) yield one;
    }
    continueToken = page.continueToken;
  } while (continueToken !== '');
}

function countByNamespace(found: readonly Uninjected[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { namespace } of found) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  return counts;
}

function report({ uid, namespace, pod, owner }: Uninjected, { events, log }: ReconcilerOptions): void {
  const advice = owner?.advice ?? `delete pod/${pod} in namespace ${namespace} and create it again`;
  log.warn({ namespace, pod, owner: owner?.name, advice }, 'pod_not_injected');
  events.record({
    regarding: { resource: PODS, name: pod, namespace, uid },
    type: 'Warning',
    reason: 'NotInjected',
    action: 'Inject',
    note: `This pod should have a sidecar and has none: it was created while no injector answered, or before its namespace joined. Until it is made anew, no traffic of lanes is sent to it: ${advice}`,
  });
}
