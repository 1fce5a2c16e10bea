import { describe, expect, it } from 'vitest';
import type { EndpointConfig, MeshConfig } from '@lanekeeper/protocol/model';
import { decideOutbound } from './decide-outbound.ts';
import { describeDecision } from './describe-decision.ts';
import { FormerEndpoints } from './former-endpoints.ts';
import { at, connection, contextOf, endpoint, mesh, request, service } from './mesh.fixture.ts';

const GRAY = { baggage: 'lane=gray' };
const BASE = endpoint('10.0.0.1');
const GONE = endpoint('10.0.0.2', { lane: 'gray' });
const STAYS = endpoint('10.0.0.3', { lane: 'gray' });

const having = (...endpoints: readonly EndpointConfig[]) => mesh({ services: [service('b', { endpoints })] });

/** A world that was each of `meshes`, one after the other. */
function after(meshes: readonly MeshConfig[], maxAddresses = 100) {
  const clock = { now: 0 };
  const former = new FormerEndpoints({ keepMs: 1000, maxAddresses, now: () => clock.now });
  const contexts = meshes.map((one) => contextOf(one, { former }));
  contexts.reduce((before, next) => {
    former.learn(before.snapshot, next.snapshot);
    return next;
  });
  const context = contexts.at(-1);
  if (context === undefined) throw new Error('no mesh');
  const ask = (address: string, headers = {}, isIntercepted = true) => {
    const to = `${address}:8080`;
    const head = request(address.includes(':') ? `[${address}]:8080` : to, headers);
    const from = connection('outbound', isIntercepted ? { address, port: 8080 } : undefined);
    return decideOutbound(head, from, context);
  };
  return { clock, ask };
}

describe('a client that chooses an instance which has gone', () => {
  it.each([true, false])(
    'is brought to its lane all the same (intercepted: %s), and told so',
    (isIntercepted) => {
      const { ask } = after([having(BASE, GONE, STAYS), having(BASE, STAYS)]);
      const gray = ask('10.0.0.2', GRAY, isIntercepted);
      expect(gray).toMatchObject({ subset: 'gray', target: at('10.0.0.3:8080'), chosen: { lane: 'gray' } });
      expect(describeDecision(gray, 'outbound')).toContain(
        'The client had chosen 10.0.0.2:8080 of gray, which is not used: its source does not name it any more',
      );
      expect(ask('10.0.0.2', {}, isIntercepted)).toMatchObject({
        subset: 'base',
        target: at('10.0.0.1:8080'),
      });
    },
  );

  it('is passed through again after a while', () => {
    const { ask, clock } = after([having(BASE, GONE), having(BASE)]);
    clock.now = 999;
    expect(ask('10.0.0.2', GRAY)).toMatchObject({ subset: 'base' });
    clock.now = 1000;
    expect(ask('10.0.0.2', GRAY)).toMatchObject({ servicePort: undefined, target: at('10.0.0.2:8080') });
  });

  it('goes to whoever has the address now', () => {
    const other = {
      ...having(BASE),
      services: [...having(BASE).services, service('c', { endpoints: [GONE] })],
    };
    const { ask } = after([having(BASE, GONE), having(BASE), other]);
    expect(ask('10.0.0.2', GRAY)).toMatchObject({ servicePort: { service: { name: 'c' } }, subset: 'gray' });
  });

  it('is passed through where the service itself is not known any more', () => {
    const { ask } = after([having(BASE, GONE), mesh()]);
    expect(ask('10.0.0.2', GRAY).servicePort).toBeUndefined();
    const back = after([having(BASE, GONE), having(BASE), mesh()]);
    expect(back.ask('10.0.0.2', GRAY).servicePort).toBeUndefined();
  });

  it('is known by its IPv6 address in any spelling', () => {
    const six = endpoint('fd00::2', { lane: 'gray' });
    const { ask } = after([having(BASE, six), having(BASE)]);
    expect(ask('FD00:0::2', GRAY, false)).toMatchObject({
      subset: 'base',
      chosen: { key: '[fd00::2]:8080' },
    });
  });

  it('is remembered among a bounded number, the latest first', () => {
    const many = Array.from({ length: 6 }, (_, index) => endpoint(`10.0.1.${index}`));
    const { ask } = after([having(BASE, ...many), having(BASE, ...many.slice(3)), having(BASE)], 4);
    const known = many.map(({ address }) => ask(address).servicePort !== undefined);
    expect(known).toEqual([false, false, true, true, true, true]);
  });
});
