import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../harness/free-port.ts';
import { runToEnd, startProcess } from '../harness/process.ts';
import { startSidecar } from '../harness/sidecar-process.ts';
import { compare, type Suite, type SuiteScore } from './suite.ts';

const ORIGIN = fileURLToPath(new URL('./ws-origin.ts', import.meta.url));
const TOOL = fileURLToPath(new URL('../../.cache/autobahn-0.8.2/', import.meta.url));
/** The suite is Python 2; pyenv's shim picks it by this variable, elsewhere `python2.7` is a plain program. */
const PYTHON = { PYENV_VERSION: '2.7.18', PYTHONPATH: TOOL } as const;
/** 9: limits and performance, 12 and 13: compression, which neither side negotiates. */
const EXCLUDED = ['9.*', '12.*', '13.*'];
const ACCEPTED = new Set(['OK', 'NON-STRICT', 'INFORMATIONAL']);

/** Autobahn's fuzzing client, 247 WebSocket cases, through the inbound sidecar. */
export const autobahn: Suite = {
  name: 'autobahn',
  async run() {
    await install();
    const port = await freePort();
    const origin = await startProcess({
      command: process.execPath,
      args: [ORIGIN, String(port)],
      ready: /listening/,
    });
    const sidecar = await startSidecar({ variables: { appAddress: `127.0.0.1:${port}` } });
    try {
      const reference = await score(`127.0.0.1:${port}`);
      const through = await score(sidecar.inbound);
      return [compare('Autobahn', 'inbound sidecar', { through, reference })];
    } finally {
      await sidecar.stop();
      await origin.stop();
    }
  },
};

async function install(): Promise<void> {
  const namespaceMarker = join(TOOL, 'zope', '__init__.py');
  if (existsSync(namespaceMarker)) return;
  mkdirSync(TOOL, { recursive: true });
  process.stderr.write('· installing autobahntestsuite\n');
  const args = ['-m', 'pip', 'install', '--quiet', '--target', TOOL, 'autobahntestsuite==0.8.2'];
  const run = await runToEnd('python2.7', args, { timeoutMs: 300_000, env: { ...PYTHON, PYTHONPATH: '' } });
  if (run.code !== 0) throw new Error(`autobahntestsuite could not be installed:\n${run.output}`);
  // pip's --target leaves namespace packages without the file that Python 2 needs to import them.
  writeFileSync(namespaceMarker, '');
}

async function score(address: string): Promise<SuiteScore> {
  const folder = mkdtempSync(join(tmpdir(), 'autobahn-'));
  const outdir = join(folder, 'report');
  const spec = join(folder, 'spec.json');
  writeFileSync(
    spec,
    JSON.stringify({
      outdir,
      servers: [{ agent: 'it', url: `ws://${address}` }],
      cases: ['*'],
      'exclude-cases': EXCLUDED,
      'exclude-agent-cases': {},
    }),
  );
  try {
    const args = [join(TOOL, 'bin', 'wstest'), '-m', 'fuzzingclient', '-s', spec];
    const run = await runToEnd('python2.7', args, { timeoutMs: 300_000, env: PYTHON, cwd: folder });
    if (!existsSync(join(outdir, 'index.json')))
      throw new Error(`wstest made no report:\n${run.output.slice(-3_000)}`);
    return readReport(readFileSync(join(outdir, 'index.json'), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `index.json`: agent -> case -> {behavior, behaviorClose}. */
function readReport(text: string): SuiteScore {
  const report = JSON.parse(text) as Record<
    string,
    Record<string, { behavior: string; behaviorClose: string }>
  >;
  const cases = Object.entries(report['it'] ?? {});
  const failures = cases
    .filter(([, result]) => !ACCEPTED.has(result.behavior) || !ACCEPTED.has(result.behaviorClose))
    .map(([name, result]) => `${name}: ${result.behavior}, close ${result.behaviorClose}`);
  return { passed: cases.length - failures.length, total: cases.length, failures };
}
