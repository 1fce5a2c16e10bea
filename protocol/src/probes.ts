/** Kinds of probe that a container may have. */
export const PROBE_KINDS = ['liveness', 'readiness', 'startup'] as const;

export type ProbeKind = (typeof PROBE_KINDS)[number];

/** Where the sidecar asks the application on the kubelet's behalf: from within the pod, so nothing is redirected. */
export type ProbeTarget =
  | {
      readonly kind: 'http';
      readonly port: number;
      readonly path: string;
      readonly scheme: 'HTTP' | 'HTTPS';
      readonly headers: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'grpc'; readonly port: number; readonly service: string };

/** By path on the status port. JSON in the variable {@link PROBE_TABLE_VARIABLE}; see ADR 6. */
export type ProbeTable = Readonly<Record<string, ProbeTarget & { readonly timeoutMs: number }>>;

export const PROBE_TABLE_VARIABLE = 'LANEKEEPER_PROBES';

/** Container names are DNS labels, so the path needs no escaping. */
export function probePath(container: string, kind: ProbeKind): string {
  return `/probe/${container}/${kind}`;
}
