import type { AdmissionRequest } from '../admission/decode.ts';
import type { ReviewContext } from '../admission/review.ts';
import { readLimitRange } from '../decision/container-limits.ts';
import type { NamespaceFacts } from '../decision/cluster-facts.ts';
import type { Input } from '../decision/gather.ts';
import { createStaticFacts } from '../facts/static-facts.ts';
import type { SidecarTemplate } from '../patch/template.ts';
import type { JsonObject } from '../pod/json.ts';
import { readPod } from '../pod/pod.ts';

export const TEMPLATE: SidecarTemplate = {
  sidecarImage: 'lanekeeper/sidecar:0.1.0',
  redirectImage: 'lanekeeper/redirect:0.1.0',
  imagePullPolicy: undefined,
  resources: { cpuRequest: '50m', memoryRequest: '96Mi', cpuLimit: undefined, memoryLimit: '256Mi' },
  tokenAudience: 'lanekeeper',
  discovery: {
    address: 'lanekeeper-control-plane.lanekeeper-system.svc:15010',
    ca: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
  },
  ipv6: false,
  probes: 'keep',
};

export const ENABLED: NamespaceFacts = { labels: { 'lanekeeper.io/injection': 'enabled' }, annotations: {} };

export interface Cluster {
  readonly namespace?: NamespaceFacts;
  readonly nativeSidecars?: boolean;
  readonly probes?: 'keep' | 'rewrite';
  readonly ipv6?: boolean;
  /** A LimitRange of the namespace. */
  readonly limitRange?: JsonObject;
}

/** A cluster whose namespace `shop` is as given; enabled by default. */
export function contextOf({
  namespace = ENABLED,
  nativeSidecars = true,
  probes = 'keep',
  limitRange,
  ipv6 = false,
}: Cluster = {}): ReviewContext {
  const facts = createStaticFacts({ nativeSidecars, namespaces: new Map([['shop', namespace]]) });
  return {
    facts: { ...facts, containerLimits: () => (limitRange === undefined ? [] : readLimitRange(limitRange)) },
    ownNamespace: 'lanekeeper-system',
    factsTimeoutMs: 1_000,
    template: () => ({ ...TEMPLATE, probes, ipv6 }),
  };
}

export function requestOf(object: unknown, changes: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    uid: '6b2c0c4e-0000-4000-8000-000000000001',
    group: '',
    kind: 'Pod',
    subResource: '',
    operation: 'CREATE',
    namespace: 'shop',
    dryRun: false,
    object: object as JsonObject,
    oldObject: undefined,
    ...changes,
  };
}

export interface PodParts {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly spec?: Record<string, unknown>;
  readonly metadata?: Record<string, unknown>;
  readonly container?: Record<string, unknown>;
}

/** A pod with one container `app`. */
export function podOf({ labels, annotations, spec, metadata, container }: PodParts = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'b-',
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...metadata,
    },
    spec: { containers: [{ name: 'app', image: 'b:1', ...container }], ...spec },
  };
}

export function inputOf(parts: PodParts = {}, changes: Partial<Input> = {}): Input {
  const object = podOf(parts);
  return {
    namespace: 'shop',
    namespaceFacts: ENABLED,
    nativeSidecars: true,
    containerLimits: [],
    ownNamespace: 'lanekeeper-system',
    object,
    pod: readPod(object),
    ...changes,
  };
}
