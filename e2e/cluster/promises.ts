import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ClusterKind, Request } from './arguments.ts';
import { endOnSignals } from './interruption.ts';
import { runOnBuilt } from './on-built.ts';
import { runOnK3s } from './on-k3s.ts';
import { say, stepTable } from './steps.ts';
import { tryPromises } from './try-promises.ts';

const RUN: Readonly<Record<ClusterKind | 'given', (request: Request) => Promise<number>>> = {
  build: runOnBuilt,
  k3s: runOnK3s,
  given: runOnGiven,
};

/** Runs the promises as asked; answers their exit code. */
export async function runPromises(request: Request): Promise<number> {
  endOnSignals();
  try {
    return await RUN[request.cluster ?? 'given'](request);
  } finally {
    process.stderr.write(`\n${stepTable()}`);
  }
}

async function runOnGiven(request: Request): Promise<number> {
  const kubeconfig = process.env['KUBECONFIG'] ?? join(homedir(), '.kube', 'config');
  if (!kubeconfig.split(':').some((file) => existsSync(file))) {
    say(
      `no cluster: ${kubeconfig} is not there. Set KUBECONFIG, or have one made: npm run e2e -- --cluster build`,
    );
    return 64;
  }
  return tryPromises(request, { kubeconfig, variables: { CLUSTER: 'given' } });
}
