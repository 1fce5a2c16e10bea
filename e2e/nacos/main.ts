// `npm run e2e:nacos [-- test names]`: the promises on a real Nacos server, without Kubernetes.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import {
  buildNacosRegistrant,
  buildNacosServer,
} from '@lanekeeper/playground/nacos-server/build-nacos-server';
import { ROOT } from '../cluster/layout.ts';
import { say, step } from '../cluster/steps.ts';
import { NACOS_IMAGE, pullNacosImage } from './server/container-server.ts';
import { KIND_VARIABLE, chooseServerKind, type ChosenKind } from './server/server-kind.ts';

/** An image that cannot be fetched is no reason to prove nothing, unless it was asked for. */
async function prepareServer(asked: string | undefined): Promise<ChosenKind> {
  const chosen = await chooseServerKind(asked);
  if (chosen.kind === 'process') return chosen;
  try {
    await step(`fetching ${NACOS_IMAGE}`, pullNacosImage);
    return chosen;
  } catch (error) {
    if (asked === 'container') throw error;
    return {
      kind: 'process',
      why: `${NACOS_IMAGE} cannot be fetched: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/** The registrant is a Java program in any case, and servers with TLS are built in any case. */
async function prepare(): Promise<ChosenKind> {
  const chosen = await prepareServer(process.env[KIND_VARIABLE]);
  say(`Nacos runs as a ${chosen.kind}: ${chosen.why}`);
  await buildNacosServer({ tell: say });
  await buildNacosRegistrant({ tell: say });
  return chosen;
}

function runTests({ kind }: ChosenKind): void {
  const program = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const config = join(ROOT, 'e2e', 'nacos', 'vitest.config.ts');
  const child = spawn(process.execPath, [program, 'run', '--config', config, ...process.argv.slice(2)], {
    cwd: ROOT,
    env: { ...process.env, [KIND_VARIABLE]: kind },
    stdio: 'inherit',
  });
  child.once('error', (error) => {
    throw error;
  });
  child.once('exit', (code) => process.exit(code ?? 1));
}

try {
  runTests(await prepare());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
