import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkImports } from './check-imports.mjs';

let root;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lanekeeper-imports-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A checkout of these files; a package without a manifest among them gets one with `dependencies`. */
function problemsOf(files, dependencies = {}) {
  const packages = new Set(Object.keys(files).map((file) => file.split('/')[0]));
  const manifests = [...packages].map((name) => [
    `${name}/package.json`,
    JSON.stringify({ dependencies: dependencies[name] }),
  ]);
  const tools = ['package.json', JSON.stringify({ devDependencies: { vitest: '1.0.0' } })];
  for (const [file, text] of [tools, ...manifests, ...Object.entries(files)]) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return checkImports(root).problems;
}

const own = { '@lanekeeper/protocol': 'workspace:*', '@lanekeeper/runtime': 'workspace:*' };

test('accepts a sidecar that imports protocol and runtime by name', () => {
  const files = {
    'protocol/src/hop.ts': 'export interface Hop {}\n',
    'runtime/src/env.ts': "import { hostname } from 'node:os';\nexport const host = hostname();\n",
    'sidecar/src/app.ts':
      "import type { Hop } from '@lanekeeper/protocol/hop';\nimport { host } from '@lanekeeper/runtime/env';\n",
  };
  expect(problemsOf(files, { sidecar: own })).toEqual([]);
});

test('refuses an executable that imports another one, by name or by path, for types too', () => {
  const files = {
    'injector/src/rules.ts': 'export const rules = 1;\n',
    'sidecar/src/a.ts': "import { rules } from '@lanekeeper/injector/rules';\n",
    'sidecar/src/b.ts': "import type { Rules } from '../../injector/src/rules.ts';\n",
  };
  expect(problemsOf(files, { sidecar: { '@lanekeeper/injector': 'workspace:*' } })).toEqual([
    expect.stringContaining('sidecar/src/a.ts:1: @lanekeeper/injector/rules may not be imported by sidecar'),
    expect.stringContaining('sidecar/src/b.ts:1: ../../injector/src/rules.ts leaves its package'),
  ]);
});

test('keeps the contract free of Node and runtime free of the contract', () => {
  const files = {
    'protocol/src/hop.ts': "import type { Socket } from 'node:net';\n",
    'runtime/src/log.ts': "import { HEADERS } from '@lanekeeper/protocol/headers';\n",
  };
  expect(problemsOf(files, { runtime: { '@lanekeeper/protocol': 'workspace:*' } })).toEqual([
    expect.stringContaining('protocol/src/hop.ts:1: node:net may not be imported in protocol/src/'),
    expect.stringContaining(
      'runtime/src/log.ts:1: @lanekeeper/protocol/headers may not be imported by runtime',
    ),
    expect.stringContaining(
      'runtime/src/log.ts:1: @lanekeeper/protocol/headers may not be imported in runtime/src/',
    ),
  ]);
});

test('keeps sockets out of decisions and lanes out of drivers, and lets decisions see the types of a head', () => {
  const files = {
    'sidecar/src/lane/tag.ts':
      "import { createHash } from 'node:crypto';\nimport type { RequestHead } from '../wire/head.ts';\n",
    'sidecar/src/route/decide.ts':
      "import {\n  connect,\n} from 'node:net';\nimport { relay } from '../wire/relay.ts';\n",
    'sidecar/src/wire/head.ts': 'export interface RequestHead {}\n',
    'sidecar/src/wire/relay.ts':
      "import type { Decision } from '../route/decide.ts';\nexport const relay = 1;\n",
  };
  expect(problemsOf(files)).toEqual([
    expect.stringContaining(
      'sidecar/src/route/decide.ts:1: node:net may not be imported in sidecar/src/route/',
    ),
    expect.stringContaining(
      'sidecar/src/route/decide.ts:4: ../wire/relay.ts may not be imported in sidecar/src/route/',
    ),
    expect.stringContaining(
      'sidecar/src/wire/relay.ts:1: ../route/decide.ts may not be imported in sidecar/src/wire/',
    ),
  ]);
});

test('keeps each third-party library behind its one door, and binds no test', () => {
  const files = {
    'mesh-file/src/read.ts': "import { parse } from 'yaml';\n",
    'sidecar/src/admin/show.ts': "const yaml = await import('yaml');\n",
    'sidecar/src/admin/show.test.ts': "import { parse } from 'yaml';\n",
  };
  expect(problemsOf(files, { sidecar: { yaml: '1.0.0' }, 'mesh-file': { yaml: '1.0.0' } })).toEqual([
    expect.stringContaining('sidecar/src/admin/show.ts:1: yaml is for mesh-file/src/ only'),
  ]);
});

test('finds a cycle of values and forgives one of types', () => {
  const files = {
    'sidecar/src/a.ts': "import { b } from './b.ts';\nexport const a = b;\n",
    'sidecar/src/b.ts': "import { c } from './c.ts';\nexport const b = c;\n",
    'sidecar/src/c.ts': "export { a as c } from './a.ts';\n",
    'sidecar/src/d.ts': "import type { E } from './e.ts';\nexport interface D {}\n",
    'sidecar/src/e.ts': "import { D } from './d.ts';\n",
  };
  expect(problemsOf(files)).toEqual([
    expect.stringContaining(
      'sidecar/src/a.ts -> sidecar/src/b.ts -> sidecar/src/c.ts -> sidecar/src/a.ts: a cycle',
    ),
  ]);
});

test('reports what is used and not declared, and what is declared and not used', () => {
  const files = {
    'playground/src/main.ts': "import { parse } from 'yaml';\n",
    'playground/src/main.test.ts': "import { test } from 'vitest';\nimport fc from 'fast-check';\n",
  };
  expect(problemsOf(files, { playground: { ws: '1.0.0' } })).toEqual([
    expect.stringContaining(
      'playground/src/main.ts:1: yaml is not in playground/package.json: declare yaml under dependencies',
    ),
    expect.stringContaining('playground/src/main.test.ts:2: fast-check is not in playground/package.json'),
    'playground/package.json: ws is declared and not used: remove it',
  ]);
});
