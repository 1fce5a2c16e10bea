import { cpus } from 'node:os';
import { SIZE } from './control-plane-mesh.ts';

export interface Round {
  /** From the change to the last sidecar that it concerns. */
  readonly ms: number;
  /** Sidecars that got an update. */
  readonly sidecars: number;
  readonly updates: number;
  /** Updates of a changed service that had to arrive. */
  readonly concerned: number;
}

export interface Figures {
  readonly memory: {
    readonly idle: number;
    readonly connected: number;
    readonly end: number;
    readonly peak: number;
  };
  readonly sync: { readonly ms: number; readonly services: number };
  /** Seconds of the control plane's own CPU: for the initial sync, for one change of the service that all call. */
  readonly cpu: { readonly sync: number; readonly hot: number };
  readonly one: readonly Round[];
  readonly hot: readonly Round[];
  readonly storm: readonly Round[];
}

export function printReport({ memory, sync, cpu, one, hot, storm }: Figures): void {
  const { services, podsOfService, sidecars, callsOfSidecar } = SIZE;
  const processor = cpus()[0]?.model ?? 'unknown processor';
  print(
    ...['', `${processor}, ${cpus().length} cores for all processes, Node ${process.versions.node}`],
    `${services} services, ${services * podsOfService} endpoints, ${sidecars} sidecars over TLS that call ${callsOfSidecar} each`,
    'The tables are filled in the process of the control plane: no API server, no watches in these figures.',
    '',
  );
  row('', 'measured', 'target');
  row('initial sync of all sidecars', `${(sync.ms / 1000).toFixed(1)} s`, '< 10 s');
  row('  CPU of the control plane', `${cpu.sync.toFixed(1)} s`, '');
  row('  services sent', String(sync.services), String(sidecars * callsOfSidecar));
  changes('change of one service', one, '< 500 ms');
  row('  sidecars touched beside those concerned', String(touchedInVain(one)), '0');
  changes('change of the one that all call', hot, '< 500 ms');
  row('  CPU of the control plane', `${(cpu.hot * 1000).toFixed(0)} ms`, '');
  changes('200 services at once', storm, '');
  row('memory: mesh alone', megabytes(memory.idle), '');
  row('memory: all connected', megabytes(memory.connected), '');
  row('memory: after all changes', megabytes(memory.end), '< 400 MB');
  row('memory: peak', megabytes(memory.peak), '');
}

function changes(name: string, rounds: readonly Round[], target: string): void {
  const times = rounds.map(({ ms }) => ms).sort((a, b) => a - b);
  const touched = rounds.map(({ sidecars }) => sidecars).sort((a, b) => a - b);
  row(
    name,
    `p50 ${percentile(times, 0.5).toFixed(0)} ms, p99 ${percentile(times, 0.99).toFixed(0)} ms`,
    target,
  );
  row('  sidecars touched', `p50 ${percentile(touched, 0.5)}, most ${touched.at(-1) ?? 0}`, '');
}

/** Each change is of a single service here, so each of its callers gets one update. */
function touchedInVain(rounds: readonly Round[]): number {
  return rounds.reduce((sum, { updates, concerned }) => sum + updates - concerned, 0);
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

function megabytes(value: number): string {
  return `${value.toFixed(0)} MB`;
}

function row(...[name, measured, target]: readonly [string, string, string]): void {
  print(`${name.padEnd(42)}${measured.padEnd(30)}${target}`.trimEnd());
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
