import type { ProbeTable } from '@lanekeeper/protocol/probes';
import { askGrpc } from './ask-grpc.ts';
import { askHttp } from './ask-http.ts';
import { askTcp } from './ask-tcp.ts';
import type { Finding } from './finding.ts';

/** Asks the application what the kubelet wants to know of it (ADR 6). */
export interface Prober {
  /** Paths of the status port that are probes. */
  readonly paths: readonly string[];
  /** Undefined: no such probe. */
  ask(path: string): Promise<Finding> | undefined;
}

/** `host` is where the application is asked: the pod's own address, as the kubelet would. */
export function createProber(table: ProbeTable, host: string): Prober {
  const asking = new Map<string, Promise<Finding>>();
  return {
    paths: Object.keys(table),
    ask(path) {
      const probe = Object.hasOwn(table, path) ? table[path] : undefined;
      if (probe === undefined) return undefined;
      const known = asking.get(path);
      // Who asks meanwhile gets the same answer: however many ask, the application is asked once at a time.
      if (known !== undefined) return known;
      const finding = askOnce(probe, host).finally(() => asking.delete(path));
      asking.set(path, finding);
      return finding;
    },
  };
}

function askOnce(probe: ProbeTable[string], host: string): Promise<Finding> {
  const signal = AbortSignal.timeout(probe.timeoutMs);
  const at = { address: host, port: probe.port };
  switch (probe.kind) {
    case 'http':
      return askHttp(host, probe, signal);
    case 'tcp':
      return askTcp(at, signal);
    case 'grpc':
      return askGrpc(at, probe.service, signal);
  }
}
