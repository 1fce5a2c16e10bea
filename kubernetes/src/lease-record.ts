import { fieldsOf, type KubeObject } from './kube-object.ts';

/** `spec` of a Lease as elections use it. */
export interface LeaseRecord {
  /** Empty: nobody holds it. */
  readonly holder: string;
  readonly durationMs: number;
  /** As written; compared, never computed with, for it is of another machine's clock. */
  readonly renewTime: string;
  readonly acquireTime: string;
  readonly transitions: number;
}

export function readLease(lease: KubeObject): LeaseRecord {
  const spec = fieldsOf(lease['spec']);
  return {
    holder: textOf(spec['holderIdentity']),
    durationMs: countOf(spec['leaseDurationSeconds']) * 1_000,
    renewTime: textOf(spec['renewTime']),
    acquireTime: textOf(spec['acquireTime']),
    transitions: countOf(spec['leaseTransitions']),
  };
}

export function writeLease(lease: KubeObject, record: LeaseRecord): KubeObject {
  return {
    ...lease,
    spec: {
      ...fieldsOf(lease['spec']),
      // Nobody is written as null: the API server takes no empty name.
      holderIdentity: record.holder === '' ? null : record.holder,
      leaseDurationSeconds: Math.max(1, Math.ceil(record.durationMs / 1_000)),
      renewTime: record.renewTime,
      acquireTime: record.acquireTime,
      leaseTransitions: record.transitions,
    },
  };
}

/** metav1.MicroTime. Six digits: the API server refuses others. */
export function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}
