import { fieldsOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { ReplicaStatus } from './mesh-status.ts';

/** The leader's summary stands under this key … */
export const SUMMARY_KEY = 'status.json';
/** … and what each replica knows under one of its own. */
const REPLICA_PREFIX = 'replica.';

export function replicaKey(pod: string): string {
  return `${REPLICA_PREFIX}${pod}.json`;
}

/** What replicas have written, by pod; what cannot be read is left out. */
export function readReplicas(map: KubeObject): ReadonlyMap<string, ReplicaStatus> {
  const replicas = new Map<string, ReplicaStatus>();
  for (const [key, text] of Object.entries(fieldsOf(map['data']))) {
    const status = typeof text === 'string' && key.startsWith(REPLICA_PREFIX) ? parse(text) : undefined;
    if (status !== undefined) replicas.set(key.slice(REPLICA_PREFIX.length, -'.json'.length), status);
  }
  return replicas;
}

/** A replica of a neighbouring version may write something else. */
function parse(text: string): ReplicaStatus | undefined {
  try {
    const { sidecars, inStep, behind, rejected, versions, mesh, problems } = fieldsOf(JSON.parse(text));
    if (typeof sidecars !== 'number' || typeof inStep !== 'number' || typeof mesh !== 'string')
      return undefined;
    if (!Array.isArray(behind) || !Array.isArray(rejected) || !Array.isArray(problems)) return undefined;
    return { sidecars, inStep, mesh, behind, rejected, problems, versions: numbersOf(versions) };
  } catch {
    return undefined;
  }
}

function numbersOf(value: unknown): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [key, number] of Object.entries(fieldsOf(value))) {
    if (typeof number === 'number') numbers[key] = number;
  }
  return numbers;
}
