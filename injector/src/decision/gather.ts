import type { AdmissionRequest } from '../admission/decode.ts';
import type { JsonObject } from '../pod/json.ts';
import { readPod, type PodView } from '../pod/pod.ts';
import type { ContainerLimits } from './container-limits.ts';
import type { ClusterFacts, NamespaceFacts } from './cluster-facts.ts';

/** All that a decision about a pod is made from. */
export interface Input {
  readonly namespace: string;
  readonly namespaceFacts: NamespaceFacts;
  readonly nativeSidecars: boolean;
  readonly containerLimits: readonly ContainerLimits[];
  /** The injector's own. */
  readonly ownNamespace: string;
  readonly object: JsonObject;
  readonly pod: PodView;
}

export interface GatherContext {
  readonly facts: ClusterFacts;
  readonly ownNamespace: string;
  /** Below the API server's own timeout for webhooks (10 s), or our answer would come after it. */
  readonly factsTimeoutMs: number;
}

/** The namespace is not known, or the cluster could not be asked. */
export class FactsError extends Error {}

/** Does all the asking. Throws ShapeError or RangeError for a pod that is none, {@link FactsError} for a cluster that does not answer. */
export async function gather(request: AdmissionRequest, context: GatherContext): Promise<Input> {
  const object = request.object ?? {};
  const pod = readPod(object);
  return {
    namespace: request.namespace,
    namespaceFacts: await askNamespace(request.namespace, context),
    nativeSidecars: context.facts.nativeSidecars(),
    containerLimits: context.facts.containerLimits(request.namespace),
    ownNamespace: context.ownNamespace,
    object,
    pod,
  };
}

async function askNamespace(name: string, context: GatherContext): Promise<NamespaceFacts> {
  const found = await within(context.factsTimeoutMs, context.facts.namespace(name)).catch(
    (error: unknown) => {
      throw new FactsError(`namespace ${name} could not be looked up`, { cause: error });
    },
  );
  if (found === undefined) throw new FactsError(`namespace ${name} is not known`);
  return found;
}

async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
