import { describe, expect, it } from 'vitest';
import { SEVERAL } from '../lane/evidence.ts';
import { decideStream } from './decide-stream.ts';
import { at, connection, contextOf, DEMO, group, mesh, service } from './mesh.fixture.ts';

const inFlight = { verdict: () => 'gray' };

describe('decideStream', () => {
  it('sends a connection to a virtual address to the subset of the lane in flight or of the pod', () => {
    const toB = connection('outbound', at('10.96.0.2:80'));
    const flying = decideStream(toB, contextOf(DEMO, { inFlight }));
    expect(flying).toMatchObject({ evidence: { rung: 'in-flight' }, target: at('10.0.2.2:8080') });
    const ofPod = decideStream(toB, contextOf(DEMO, { lane: 'gray' }));
    expect(ofPod).toMatchObject({ evidence: { rung: 'workload' }, target: at('10.0.2.2:8080') });
    expect(decideStream(toB, contextOf(DEMO))).toMatchObject({ target: at('10.0.2.1:8080') });
  });

  it('sends a CONNECT by name to the subset as well', () => {
    const decision = decideStream(connection('outbound', at('b.default:80')), contextOf(DEMO, { inFlight }));
    expect(decision.target).toEqual(at('10.0.2.2:8080'));
  });

  it.each(['b.default:4711', '10.0.2.1:8080', '203.0.113.7:5432'])(
    'leaves a connection to %s alone',
    (address) => {
      const decision = decideStream(connection('outbound', at(address)), contextOf(DEMO, { inFlight }));
      expect(decision).toMatchObject({ servicePort: undefined, target: at(address) });
    },
  );

  it('refuses in a strict group when several lanes are in flight', () => {
    const config = { ...DEMO, groups: [group(['b'], { mode: 'strict' })] };
    const context = contextOf(config, { inFlight: { verdict: () => SEVERAL } });
    const decision = decideStream(connection('outbound', at('10.96.0.2:80')), context);
    expect(decision).toMatchObject({ target: undefined, refusal: { code: 'lane-ambiguous' } });
  });

  it('hands what arrives to the application: opaque bytes carry no tag to judge by', () => {
    const context = contextOf(DEMO, { app: 'b', lane: 'gray' });
    expect(decideStream(connection('inbound', at('10.0.2.2:8080')), context)).toMatchObject({
      target: at('10.0.2.2:8080'),
      evidence: { lane: 'gray', rung: 'workload' },
    });
    expect(decideStream(connection('inbound'), context).target).toEqual(at('127.0.0.1:3000'));
  });

  it('refuses a connection of which nobody knows where it goes', () => {
    for (const direction of ['outbound', 'gateway'] as const) {
      const { refusal } = decideStream(connection(direction), contextOf(mesh({ services: [service('a')] })));
      expect(refusal?.code).toBe('unknown-destination');
    }
  });
});
