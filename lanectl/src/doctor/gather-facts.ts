import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { ApiError, isNotFound } from '@lanekeeper/kubernetes/api-error';
import { fieldsOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  NAMESPACES,
  PODS,
  SERVICES,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
  type Resource,
} from '@lanekeeper/kubernetes/resources';
import { askAll, type AskedPods } from '../cluster/ask-all.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { LANE_GROUPS, LANES } from '../cluster/lane-resources.ts';
import { listObjects, type ListedWhere } from '../cluster/list-objects.ts';
import { sidecarPodsIn } from '../cluster/sidecar-pods.ts';
import type { Fact, Facts } from './facts.ts';

export interface GatherOptions {
  readonly within: string | undefined;
  /** Where Lanekeeper is installed; undefined: where its Deployments are. */
  readonly systemNamespace: string | undefined;
  /** Whether sidecars are asked, too: each is a connection through the API server. */
  readonly asksSidecars: boolean;
  /** Called with what is asked for; what it returns, when that is there. */
  readonly onAsk: (what: string) => () => void;
}

const DEFAULT_SYSTEM = 'lanekeeper-system';
const INJECTOR = 'lanekeeper-injector';
const CRDS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
};

/** Asks for everything at once. Never rejects: what cannot be had is a fact, too. */
export async function gatherFacts(cluster: Cluster, options: GatherOptions): Promise<Facts> {
  const { client } = cluster;
  const { within } = options;
  const { ask, list, get } = asker(client, options.onAsk);
  const everywhere: ListedWhere = { namespace: undefined };
  const deployments = list(DEPLOYMENTS, {
    namespace: options.systemNamespace,
    labelSelector: 'app.kubernetes.io/name=lanekeeper',
  });
  const status = deployments.then((found) =>
    get(CONFIG_MAPS, 'lanekeeper-status', options.systemNamespace ?? namespaceOf(found)),
  );
  const pods = list(PODS, { namespace: within });
  const facts = {
    version: ask('version', () => client.serverVersion()),
    crds: list(CRDS, everywhere),
    ...{ deployments, status },
    mutating: get(MUTATING_WEBHOOK_CONFIGURATIONS, INJECTOR),
    validating: get(VALIDATING_WEBHOOK_CONFIGURATIONS, INJECTOR),
    namespaces: list(NAMESPACES, everywhere),
    pods,
    services: list(SERVICES, { namespace: within }),
    groups: list(LANE_GROUPS, { namespace: within }),
    lanes: list(LANES, { namespace: within }),
    dns: list(SERVICES, { namespace: 'kube-system', labelSelector: 'k8s-app=kube-dns' }),
    audits: pods.then((found) => askSidecars(cluster, found, options)),
  };
  return { ...(await settle(facts)), within, now: Date.now() };
}

interface Asker {
  ask<T>(what: string, work: () => Promise<T>): Promise<Fact<T>>;
  list(resource: Resource, where: ListedWhere): Promise<Fact<readonly KubeObject[]>>;
  /** Undefined: it is not there. */
  get(resource: Resource, name: string, namespace?: string): Promise<Fact<KubeObject | undefined>>;
}

function asker(client: ApiClient, onAsk: GatherOptions['onAsk']): Asker {
  const ask: Asker['ask'] = async (what, work) => {
    const done = onAsk(what);
    try {
      return { value: await work() };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { problem, isForbidden: error instanceof ApiError && error.status === 403 };
    } finally {
      done();
    }
  };
  return {
    ask,
    list: (resource, where) => ask(resource.plural, () => listObjects(client, resource, where)),
    get: (resource, name, namespace) =>
      ask(resource.plural, async () => {
        try {
          return await client.get({ resource, name, ...(namespace === undefined ? {} : { namespace }) });
        } catch (error) {
          if (isNotFound(error)) return undefined;
          throw error;
        }
      }),
  };
}

function namespaceOf(deployments: Fact<readonly KubeObject[]>): string {
  const [first] = 'value' in deployments ? deployments.value : [];
  return first?.metadata.namespace ?? DEFAULT_SYSTEM;
}

/** Of some that answer; where none does there is nothing to look at. */
async function askSidecars(
  cluster: Cluster,
  pods: Fact<readonly KubeObject[]>,
  { asksSidecars, onAsk }: GatherOptions,
): Promise<Fact<AskedPods>> {
  if ('problem' in pods) return pods;
  if (!asksSidecars) return { problem: 'sidecars were not asked', isForbidden: false };
  const running = pods.value.filter((pod) => fieldsOf(pod['status'])['phase'] === 'Running');
  const done = onAsk('the audits of sidecars');
  const asked = await askAll(cluster, sidecarPodsIn(running), '/audit');
  done();
  const [failure] = asked.failures;
  if (failure === undefined || asked.answers.length > 0) return { value: asked };
  const problem = `none of ${asked.failures.length} sidecars can be asked: ${failure}`;
  return { problem, isForbidden: failure.includes('(403)') };
}

/** All of them, under their names. */
async function settle<T extends Readonly<Record<string, Promise<unknown>>>>(
  promises: T,
): Promise<{ readonly [K in keyof T]: Awaited<T[K]> }> {
  const entries = Object.entries(promises).map(async ([name, promise]) => [name, await promise] as const);
  return Object.fromEntries(await Promise.all(entries)) as { readonly [K in keyof T]: Awaited<T[K]> };
}
