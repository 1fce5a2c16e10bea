import { fileURLToPath } from 'node:url';
import { freePort } from '../harness/free-port.ts';
import { runToEnd, startProcess, type RunningProcess } from '../harness/process.ts';
import { testCertificate } from '@lanekeeper/sidecar/listen/edge/testing/test-certificate';
import { forwardTo, listenerOf, startGateway } from '../harness/gateway-process.ts';
import { startSidecar } from '../harness/sidecar-process.ts';
import { goTool, GO_TOOLS } from './go-tool.ts';
import { readH2specOutput } from './h2spec-output.ts';
import { compare, type Suite, type SuiteScore } from './suite.ts';

const ORIGIN = fileURLToPath(new URL('./h2-origin.ts', import.meta.url));
const HTTP1_ORIGIN = fileURLToPath(new URL('./h1-origin.ts', import.meta.url));

/** h2spec, 145 cases of RFC 9113 and 7541 against a server: the inbound listener and a gateway, beside bare node:http2. */
export const h2spec: Suite = {
  name: 'h2spec',
  async run() {
    const tool = await goTool(GO_TOOLS.h2spec);
    const [port, http1] = [await freePort(), await freePort()];
    const origin = await startOrigin(ORIGIN, port);
    const http1Origin = await startOrigin(HTTP1_ORIGIN, http1);
    try {
      const reference = await score(tool, ['-p', String(port)]);
      return [
        compare('h2spec', 'inbound sidecar', { through: await throughSidecar(tool, port), reference }),
        compare('h2spec', 'gateway', { through: await throughGateway(tool, http1), reference }),
      ];
    } finally {
      await origin.stop();
      await http1Origin.stop();
    }
  },
};

function startOrigin(program: string, port: number): Promise<RunningProcess> {
  return startProcess({ command: process.execPath, args: [program, String(port)], ready: /listening/ });
}

async function throughSidecar(tool: string, port: number): Promise<SuiteScore> {
  const sidecar = await startSidecar({ variables: { appAddress: `127.0.0.1:${port}` } });
  try {
    return await score(tool, ['-p', sidecar.inbound.split(':')[1] ?? '']);
  } finally {
    await sidecar.stop();
  }
}

/** Over TLS, to an application that speaks HTTP/1.1 only: the usual case at an edge. */
async function throughGateway(tool: string, port: number): Promise<SuiteScore> {
  const gateway = await startGateway({ apps: { app: { address: '127.0.0.1', port } } });
  try {
    const at = await freePort();
    const tls = { protocol: 'https', certificates: ['shop/any'] } as const;
    await gateway.apply([listenerOf(at, [forwardTo('app')], tls)], {
      'shop/any': testCertificate('any.test'),
    });
    return await score(tool, ['-p', String(at), '-t', '-k']);
  } finally {
    await gateway.stop();
  }
}

async function score(tool: string, args: readonly string[]): Promise<SuiteScore> {
  const run = await runToEnd(tool, ['-h', '127.0.0.1', ...args, '-o', '2'], { timeoutMs: 400_000 });
  return readH2specOutput(run.output);
}
