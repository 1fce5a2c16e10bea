import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { runToEnd } from '../harness/process.ts';

const DEMO = fileURLToPath(new URL('../../playground/src/main.ts', import.meta.url));
const LIMIT_MS = 170_000;

function demo(env: Readonly<Record<string, string>> = {}): ReturnType<typeof runToEnd> {
  return runToEnd(process.execPath, [DEMO, '--nacos', '--once'], { timeoutMs: LIMIT_MS, env });
}

it('the demo on a real Nacos: a gray request stays gray, falls back at B and is gray again at C, whatever instance the client chose', async () => {
  const { code, output } = await demo();
  expect(code, output).toBe(0);
  expect(output.split('\n').filter((line) => /^(base|gray) {2}A/.test(line))).toEqual([
    'base  A[127.0.1.1] -> B[127.0.2.1] -> C[127.0.3.1]',
    'gray  Agray[127.0.1.2] -> Bgray[127.0.2.2] -> Cgray[127.0.3.2]',
    'gray  Agray[127.0.1.2] -> B[127.0.2.1] -> Cgray[127.0.3.2]',
    'gray  Agray[127.0.1.2] -> B[127.0.2.1] -> Cgray[127.0.3.2]',
  ]);
  expect(output).toMatch(/^AT +DIRECTION +LANE +EVIDENCE +CANDIDATES +SENT TO +REASON$/m);
  expect(output).toMatch(/the client chose/);
  expect(output).toContain('lanekeeper-demo.yaml');
});

it('says what is missing where there is no Java or Maven, and ends with 1', async () => {
  const nothing = mkdtempSync(join(tmpdir(), 'lanekeeper-no-java-'));
  onTestFinished(() => rmSync(nothing, { recursive: true }));
  const { code, output } = await demo({ PATH: nothing, JAVA_HOME: '' });
  expect(output).toMatch(/Java is missing; 17 or newer is needed/);
  expect(output).toMatch(/Maven is missing/);
  expect(code).toBe(1);
});
