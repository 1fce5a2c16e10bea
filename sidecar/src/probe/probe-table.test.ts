import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROBE_TABLE } from './probe-table.ts';

const TABLE = {
  '/probe/app/liveness': {
    ...{ kind: 'http', port: 8080, path: '/healthz', scheme: 'HTTPS', timeoutMs: 1000 },
    headers: [{ name: 'X-Probe', value: 'yes' }],
  },
  '/probe/app/readiness': { kind: 'tcp', port: 5432, timeoutMs: 2000 },
  '/probe/app-2/startup': { kind: 'grpc', port: 9090, service: '', timeoutMs: 3000 },
};
const LIVENESS = TABLE['/probe/app/liveness'];

test('reads what the injector writes', () => {
  expect(PROBE_TABLE.parse(JSON.stringify(TABLE))).toEqual(TABLE);
});

test.each([
  ['no JSON', '{'],
  ['no table', '[]'],
  ['another path', JSON.stringify({ '/ready': LIVENESS })],
  ['another kind', JSON.stringify({ '/probe/app/health': LIVENESS })],
  ['a path with more in it', JSON.stringify({ '/probe/app/x/liveness': LIVENESS })],
  ['no port', JSON.stringify({ '/probe/app/liveness': { ...LIVENESS, port: 0 } })],
  ['no time', JSON.stringify({ '/probe/app/liveness': { ...LIVENESS, timeoutMs: 0 } })],
  ['an unknown scheme', JSON.stringify({ '/probe/app/liveness': { ...LIVENESS, scheme: 'FTP' } })],
  [
    'a header that ends another',
    JSON.stringify({
      '/probe/app/liveness': { ...LIVENESS, headers: [{ name: 'a', value: 'b\r\nc: d' }] },
    }),
  ],
  [
    'a probe of nothing known',
    JSON.stringify({ '/probe/app/liveness': { kind: 'exec', port: 1, timeoutMs: 1 } }),
  ],
])('refuses %s', (_, text) => {
  expect(PROBE_TABLE.parse(text)).toBeUndefined();
});

test('never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(() => PROBE_TABLE.parse(text)).not.toThrow();
    }),
  );
});
