import { fileURLToPath } from 'node:url';
import { freePort } from '../harness/free-port.ts';
import { runToEnd, startProcess } from '../harness/process.ts';
import { startSidecar } from '../harness/sidecar-process.ts';
import { goTool, GO_TOOLS } from './go-tool.ts';
import { readH2specOutput } from './h2spec-output.ts';
import { compare, type Suite, type SuiteScore } from './suite.ts';

const ORIGIN = fileURLToPath(new URL('./h2-origin.ts', import.meta.url));

/** h2spec, 145 cases of RFC 9113 and 7541 against a server: the inbound listener, beside bare node:http2. */
export const h2spec: Suite = {
  name: 'h2spec',
  async run() {
    const tool = await goTool(GO_TOOLS.h2spec);
    const port = await freePort();
    const origin = await startProcess({
      command: process.execPath,
      args: [ORIGIN, String(port)],
      ready: /listening/,
    });
    const sidecar = await startSidecar({ variables: { appAddress: `127.0.0.1:${port}` } });
    try {
      const reference = await score(tool, String(port));
      const through = await score(tool, sidecar.inbound.split(':')[1] ?? '');
      return [compare('h2spec', 'inbound sidecar', { through, reference })];
    } finally {
      await sidecar.stop();
      await origin.stop();
    }
  },
};

async function score(tool: string, port: string): Promise<SuiteScore> {
  const run = await runToEnd(tool, ['-h', '127.0.0.1', '-p', port, '-o', '2'], { timeoutMs: 400_000 });
  return readH2specOutput(run.output);
}
