import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { run } from '../../cluster/command.ts';
import { kubectl } from './kubectl.ts';

/** The module of the conformance suite pins the Gateway API's version. */
const MODULE = fileURLToPath(new URL('../../conformance/go/', import.meta.url));
const API = 'sigs.k8s.io/gateway-api';
const OPTIONS = { cwd: MODULE, env: { GOFLAGS: '-mod=readonly' }, timeoutMs: 600_000 };

/** Installs the definitions of the Gateway API's standard channel, as they are published in its Go module; answers how they go. */
export async function installGatewayApi(): Promise<() => Promise<void>> {
  await run('go', ['mod', 'download', API], OPTIONS);
  const folder = (await run('go', ['list', '-m', '-f', '{{.Dir}}', API], OPTIONS)).trim();
  const definitions = join(folder, 'config', 'crd', 'standard');
  await kubectl(['apply', '--server-side', '--filename', definitions]);
  await kubectl([
    ...['wait', '--for=condition=Established', '--timeout=60s', 'crd'],
    ...['gateways', 'httproutes', 'grpcroutes'].map((plural) => `${plural}.gateway.networking.k8s.io`),
  ]);
  return async () => {
    await kubectl(['delete', '--filename', definitions, '--ignore-not-found', '--timeout=120s']);
  };
}
