import type { Resource } from '@lanekeeper/kubernetes/resources';
import type { GatewayConfigSpec } from '@lanekeeper/mesh-file/objects/object-types';
import type { EdgePolicy } from '@lanekeeper/protocol/edge';
import type { ObjectStatuses } from '../../../status/object-statuses.ts';
import { accepted, condition, type Verdict } from '../lanes/conditions.ts';
import { declare, keptGeneration, type DeclaredObject } from '../lanes/declared-object.ts';
import { readDocument, type KubeDocument } from '../read/read-document.ts';
import { createTablesTeller } from '../tables-teller.ts';
import { watchOptional } from '../watch-optional.ts';
import type { WatchContext } from '../watch-table.ts';
import { mapMseIngressConfig } from './mse-ingress-config.ts';

export const GATEWAY_CONFIGS: Resource = {
  group: 'lanekeeper.io',
  version: 'v1alpha1',
  plural: 'gatewayconfigs',
  kind: 'GatewayConfig',
};
/** Of the product that people come from; without a namespace. */
export const MSE_INGRESS_CONFIGS: Resource = {
  group: 'mse.alibabacloud.com',
  version: 'v1alpha1',
  plural: 'mseingressconfigs',
  kind: 'MseIngressConfig',
};

/** What the parameters of a class refer to. */
export interface ParametersRef {
  readonly kind: string;
  readonly name: string;
  /** Empty: a kind that has none. */
  readonly namespace: string;
}

/** How the fleet is to listen, as people declare it. */
export interface GatewayConfigs {
  /** Undefined: there is none, or nothing of it was ever right. */
  specOf(ref: ParametersRef): GatewayConfigSpec | undefined;
  /** Told when what one of them says is another thing now. */
  subscribe(listener: () => void): void;
  start(): void;
  synced(): Promise<void>;
  problems(): readonly string[];
  stop(): void;
}

export function watchGatewayConfigs(
  context: WatchContext & { readonly statuses: ObjectStatuses },
): GatewayConfigs {
  const { statuses } = context;
  const listeners = new Set<() => void>();
  const declared = new Map<string, DeclaredObject>();
  const mapped = new Map<string, GatewayConfigSpec>();
  const onPending = (): void => teller.schedule();
  const own = watchOptional<KubeDocument>(context, {
    ...{ resource: GATEWAY_CONFIGS, read: readDocument(GATEWAY_CONFIGS), onPending },
  });
  const foreign = watchOptional<KubeDocument>(context, {
    ...{ resource: MSE_INGRESS_CONFIGS, read: readDocument(MSE_INGRESS_CONFIGS), onPending },
  });
  const teller = createTablesTeller({
    log: context.log,
    tables: () => [own, foreign],
    onChange() {
      for (const key of own.take().keys) takeOwn(key, own.store.get(key));
      for (const key of foreign.take().keys) takeForeign(key, foreign.store.get(key));
      for (const listener of listeners) listener();
    },
  });
  function takeOwn(key: string, document: KubeDocument | undefined): void {
    if (document === undefined) {
      forget(GATEWAY_CONFIGS, declared.get(key)?.document);
      declared.delete(key);
      return;
    }
    const next = declare(GATEWAY_CONFIGS, document, declared.get(key));
    declared.set(key, next);
    const verdict = accepted(next, { isInForce: true, reason: 'Accepted', problems: [] });
    const status = { conditions: [condition('Accepted', verdict, next)], inForce: keptGeneration(next) };
    statuses.want(refOf(GATEWAY_CONFIGS, document), status, document.status);
  }
  function takeForeign(key: string, document: KubeDocument | undefined): void {
    if (document === undefined) {
      mapped.delete(key);
      return;
    }
    const { spec, unmapped } = mapMseIngressConfig(document.spec);
    mapped.set(key, spec);
    const asDeclared = { document, resource: MSE_INGRESS_CONFIGS, inForce: undefined, problems: [] };
    const conditions = [condition('LanekeeperMapped', mappedVerdict(unmapped), asDeclared)];
    statuses.want(refOf(MSE_INGRESS_CONFIGS, document), { conditions }, document.status);
  }
  function forget(resource: Resource, document: KubeDocument | undefined): void {
    if (document !== undefined) statuses.forget(refOf(resource, document));
  }
  return {
    specOf({ kind, namespace, name }) {
      if (kind === MSE_INGRESS_CONFIGS.kind) return mapped.get(name);
      if (kind !== GATEWAY_CONFIGS.kind) return undefined;
      const object = declared.get(`${namespace}/${name}`)?.inForce?.object;
      return object?.kind === 'GatewayConfig' ? object.spec : undefined;
    },
    subscribe: (listener) => void listeners.add(listener),
    start: teller.start,
    synced: teller.synced,
    problems: teller.problems,
    stop: teller.stop,
  };
}

export function policyOf(spec: GatewayConfigSpec): EdgePolicy {
  const { trustIncomingTag, trustedProxies, proxyProtocol, allow, deny, sampleRate } = spec;
  const tracing = sampleRate === undefined ? {} : { traceSampleRate: sampleRate };
  return { trustIncomingTag, trustedProxies, proxyProtocol, allow, deny, ...tracing };
}

function mappedVerdict(unmapped: readonly string[]): Verdict {
  if (unmapped.length === 0) {
    return { status: 'True', reason: 'Mapped', message: 'all of it is in force' };
  }
  const message = `without effect at this gateway: ${unmapped.join(', ')}`;
  return { status: 'False', reason: 'PartlyMapped', message };
}

function refOf(resource: Resource, { metadata }: KubeDocument) {
  const { namespace, name } = metadata;
  return namespace === '' ? { resource, name } : { resource, namespace, name };
}
