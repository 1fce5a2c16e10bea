import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../harness/free-port.ts';
import { runToEnd, startProcess } from '../harness/process.ts';
import { startSidecar } from '../harness/sidecar-process.ts';
import { goTool, GO_TOOLS } from './go-tool.ts';
import { readH2specOutput } from './h2spec-output.ts';
import { compare, type Suite, type SuiteScore } from './suite.ts';

const CLIENT = fileURLToPath(new URL('./h2-client.ts', import.meta.url));
const RELAY = fileURLToPath(new URL('./h2-relay.ts', import.meta.url));

/** h2specd, 57 cases against a client: the sidecar's upstream half, beside a bare relay over node:http2. */
export const h2specd: Suite = {
  name: 'h2specd',
  async run() {
    const tool = await goTool(GO_TOOLS.h2specd);
    const port = String(await freePort());
    const relay = await startProcess({
      command: process.execPath,
      args: [RELAY, port],
      ready: /listening/,
    });
    const sidecar = await startSidecar();
    try {
      const reference = await score(tool, `127.0.0.1:${port}`);
      const through = await score(tool, sidecar.outbound);
      return [compare('h2specd', 'outbound sidecar', { through, reference })];
    } finally {
      await sidecar.stop();
      await relay.stop();
    }
  },
};

/** h2specd runs a program with the URL as its one argument, for each case. */
async function score(tool: string, proxy: string): Promise<SuiteScore> {
  const folder = mkdtempSync(join(tmpdir(), 'h2specd-'));
  const script = join(folder, 'client.sh');
  writeFileSync(script, `#!/bin/sh\nexec '${process.execPath}' '${CLIENT}' "$@" >/dev/null 2>&1\n`);
  chmodSync(script, 0o755);
  try {
    const run = await runToEnd(tool, ['-e', script, '-o', '2'], {
      timeoutMs: 400_000,
      env: { LANEKEEPER_PROXY: proxy },
    });
    return readH2specOutput(run.output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
