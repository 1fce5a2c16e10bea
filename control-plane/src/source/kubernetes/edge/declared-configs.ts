import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '@lanekeeper/kubernetes/resources';
import type { GatewayConfigSpec } from '@lanekeeper/mesh-file/objects/object-types';
import type { ObjectStatuses } from '../../../status/object-statuses.ts';
import { accepted, condition, type Verdict } from '../lanes/conditions.ts';
import { declare, keptGeneration, type DeclaredObject } from '../lanes/declared-object.ts';
import type { KubeDocument } from '../read/read-document.ts';
import { GATEWAY_CONFIGS, MSE_INGRESS_CONFIGS, type ParametersRef } from './parameters.ts';
import { mapMseIngressConfig } from './mse-ingress-config.ts';

const NOT_SAID: Verdict = { status: 'True', reason: 'NotSaid', message: 'left to the chart' };
const NOT_USED: Verdict = {
  status: 'False',
  reason: 'NotUsed',
  message:
    'without effect: no IngressClass of lanekeeper.io/gateway takes its parameters from it, or an earlier one has its own',
};

/** What parameters say, as far as it can be in force, and what is said of that at each. */
export class DeclaredConfigs {
  readonly #statuses: ObjectStatuses;
  readonly #own = new Map<string, DeclaredObject>();
  readonly #mapped = new Map<string, GatewayConfigSpec>();
  #used: ParametersRef | undefined;
  #replicas: Verdict | undefined;

  constructor(statuses: ObjectStatuses) {
    this.#statuses = statuses;
  }

  /** Undefined: there is none, or nothing of it was ever right. */
  specOf({ kind, namespace, name }: ParametersRef): GatewayConfigSpec | undefined {
    if (kind === MSE_INGRESS_CONFIGS.kind) return this.#mapped.get(name);
    if (kind !== GATEWAY_CONFIGS.kind) return undefined;
    const object = this.#own.get(`${namespace}/${name}`)?.inForce?.object;
    return object?.kind === 'GatewayConfig' ? object.spec : undefined;
  }

  /** Of the parameters in use. */
  replicas(): GatewayConfigSpec['replicas'] {
    return this.#used === undefined ? undefined : this.specOf(this.#used)?.replicas;
  }

  /** Returns whether these are others than before. */
  use(ref: ParametersRef | undefined): boolean {
    if (isDeepStrictEqual(ref, this.#used)) return false;
    this.#used = ref;
    this.#replicas = undefined;
    this.#renew();
    return true;
  }

  tellReplicas(verdict: Verdict): void {
    if (isDeepStrictEqual(verdict, this.#replicas)) return;
    this.#replicas = verdict;
    this.#renew();
  }

  takeOwn(key: string, document: KubeDocument | undefined): void {
    const before = this.#own.get(key);
    if (document === undefined) {
      if (before !== undefined) this.#statuses.forget(refOf(GATEWAY_CONFIGS, before.document));
      this.#own.delete(key);
      return;
    }
    const object = declare(GATEWAY_CONFIGS, document, before);
    this.#own.set(key, object);
    this.#wantStatus(object);
  }

  takeForeign(key: string, document: KubeDocument | undefined): void {
    if (document === undefined) {
      this.#mapped.delete(key);
      return;
    }
    const { spec, unmapped } = mapMseIngressConfig(document.spec);
    this.#mapped.set(key, spec);
    const asDeclared = { document, resource: MSE_INGRESS_CONFIGS, inForce: undefined, problems: [] };
    const conditions = [condition('LanekeeperMapped', mappedVerdict(unmapped), asDeclared)];
    this.#statuses.want(refOf(MSE_INGRESS_CONFIGS, document), { conditions }, document.status);
  }

  #renew(): void {
    for (const object of this.#own.values()) this.#wantStatus(object);
  }

  #wantStatus(object: DeclaredObject): void {
    const { document } = object;
    const verdict = accepted(object, { isInForce: true, reason: 'Accepted', problems: [] });
    const replicas = this.#replicasVerdict(document);
    const conditions = [
      condition('Accepted', verdict, object),
      // Who comes to lead has not looked yet: what the one before has said stays until then.
      ...(replicas === undefined ? [] : [condition('Replicas', replicas, object)]),
    ];
    const status = { conditions, inForce: keptGeneration(object) };
    this.#statuses.want(refOf(GATEWAY_CONFIGS, document), status, document.status);
  }

  #replicasVerdict({ metadata: { namespace, name } }: KubeDocument): Verdict | undefined {
    const ref = { kind: GATEWAY_CONFIGS.kind, namespace, name };
    if (this.specOf(ref)?.replicas === undefined) return NOT_SAID;
    return isDeepStrictEqual(ref, this.#used) ? this.#replicas : NOT_USED;
  }
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
