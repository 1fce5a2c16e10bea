import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { HELM3 } from '../cluster/binaries.ts';
import { interruptionSignal, run } from '../cluster/command.ts';
import { ROOT, type Layout } from '../cluster/layout.ts';
import { kubectl } from '../cluster/readiness.ts';
import { step } from '../cluster/steps.ts';
import type { SuitePrograms } from './suite-programs.ts';

export interface SuiteRun {
  readonly layout: Layout;
  readonly programs: SuitePrograms;
  /** File of the report. */
  readonly report: string;
  /** Of the suite's own program. */
  readonly options: readonly string[];
}

const SYSTEM = 'lanekeeper-system';
const CLASS = 'lanekeeper';
const PROFILES = ['GATEWAY-HTTP', 'GATEWAY-GRPC'];
const LOG = join(ROOT, '.cache', 'conformance', 'suite.log');
/** How a test of the suite, or a part of one, has ended. */
const VERDICT = /^ {0,8}(--- (PASS|FAIL|SKIP)|FAIL|ok|PASS)/;

/** Installs the definitions and the chart, as a user does, and lets the suite judge; answers its exit code. */
export async function runSuite({ layout, programs, report, options }: SuiteRun): Promise<number> {
  await step(`Gateway API ${programs.version}`, () =>
    kubectl(layout, ['apply', '--server-side', '--filename', programs.definitions]),
  );
  await step('the chart', () => installChart(layout));
  mkdirSync(dirname(report), { recursive: true });
  const identity = { organization: 'lanekeeper', project: 'lanekeeper', version: '0.1.0' };
  const about = { ...identity, url: 'https://lanekeeper.io', contact: 'https://lanekeeper.io' };
  return step('the suite', () =>
    judge(layout, programs.tests, [
      // Which extended features are tried is what the GatewayClass says that it supports.
      `-gateway-class=${CLASS}`,
      `-conformance-profiles=${PROFILES.join(',')}`,
      `-report-output=${report}`,
      ...Object.entries(about).map(([name, value]) => `-${name}=${value}`),
      ...options,
    ]),
  );
}

async function installChart({ kubeconfig }: Layout): Promise<void> {
  const values = ['gateway.enabled=true', 'gateway.service.type=ClusterIP', 'gateway.replicas=2'];
  await run(HELM3, [
    ...['upgrade', 'lanekeeper', join(ROOT, 'helm', 'lanekeeper'), '--install'],
    ...['--kubeconfig', kubeconfig, '--namespace', SYSTEM, '--create-namespace', '--wait', '--timeout=5m'],
    ...['injector.replicas=1', 'controlPlane.replicas=1', ...values].flatMap((value) => ['--set', value]),
  ]);
}

/** All that the suite says goes to a file; here only how each test ended, and the end of the file where one failed. */
async function judge({ kubeconfig }: Layout, program: string, args: readonly string[]): Promise<number> {
  const signal = interruptionSignal();
  signal.throwIfAborted();
  const child = spawn(program, ['-test.v', '-test.timeout=50m', ...args], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const log = createWriteStream(LOG);
  child.stderr.pipe(log, { end: false });
  for await (const line of createInterface({ input: child.stdout })) {
    log.write(`${line}\n`);
    if (VERDICT.test(line)) process.stdout.write(`${line}\n`);
  }
  const [code] = await ended;
  log.end();
  if (code !== 0) process.stdout.write(`the suite has failed; all that it said is in ${LOG}\n`);
  return code ?? 1;
}
