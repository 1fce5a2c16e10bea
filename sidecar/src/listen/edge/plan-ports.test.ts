import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changePorts, planPorts } from './plan-ports.ts';
import { edgeListener, OPEN_POLICY } from './testing/edge-listener.ts';

const edge = (...listeners: ReturnType<typeof edgeListener>[]) => ({ listeners, certificates: {} });

test('listeners of one port are one plan', () => {
  const plans = planPorts(
    edge(edgeListener(8080), edgeListener(8443, { protocol: 'https' }), edgeListener(8080, { host: 'a' })),
  );
  expect([...plans.keys()]).toEqual([8080, 8443]);
  expect(plans.get(8080)?.listeners.map(({ host }) => host)).toEqual(['*', 'a']);
  expect(plans.get(8443)?.isTls).toBe(true);
});

test('what a port speaks is said by its first listener; the others are named', () => {
  const plans = planPorts(
    edge(
      edgeListener(1, { name: 'first' }),
      edgeListener(1, { name: 'tls', protocol: 'https' }),
      edgeListener(1, { name: 'proxied', policy: { ...OPEN_POLICY, proxyProtocol: true } }),
    ),
  );
  expect(plans.get(1)?.listeners.map(({ name }) => name)).toEqual(['first']);
  expect(plans.get(1)?.problems).toEqual([
    'tls: port 1 speaks http for first; choose another port',
    'proxied: whether connections to port 1 begin with a PROXY header is said by first; say the same',
  ]);
});

test('no configuration is no port', () => {
  expect(planPorts(undefined).size).toBe(0);
});

test('a change opens what is new, closes what is gone, and leaves the rest open', () => {
  const ports = fc.uniqueArray(fc.integer({ min: 1, max: 20 }));
  fc.assert(
    fc.property(ports, ports, (open, wanted) => {
      const change = changePorts(open, planPorts(edge(...wanted.map((port) => edgeListener(port)))));
      const numbers = (plans: readonly { readonly port: number }[]) => plans.map(({ port }) => port).sort();
      expect(numbers(change.open)).toEqual(wanted.filter((port) => !open.includes(port)).sort());
      expect(numbers(change.update)).toEqual(wanted.filter((port) => open.includes(port)).sort());
      expect([...change.close].sort()).toEqual(open.filter((port) => !wanted.includes(port)).sort());
    }),
  );
});
