import { describe, expect, it } from 'vitest';
import { decideGateway } from './decide-gateway.ts';
import { connection, contextOf, DEMO, group, lane, request } from './mesh.fixture.ts';

const routes = [
  { hosts: ['www.example.com'], pathPrefix: '/', service: { name: 'a', namespace: 'default' }, port: 80 },
  { hosts: ['www.example.com'], pathPrefix: '/z', service: { name: 'z', namespace: 'default' }, port: 80 },
  { hosts: ['gone.example.com'], pathPrefix: '/', service: { name: 'gone', namespace: 'default' }, port: 80 },
];
const match = [{ headers: { 'x-user': { exact: '7' } } }];
const EDGE = { ...DEMO, lanes: [lane('gray', { match })], gateway: { trustIncomingTag: false, routes } };
const TRUSTING = { ...EDGE, gateway: { trustIncomingTag: true, routes } };

function decide(
  authority: string,
  headers: Readonly<Record<string, string>> = {},
  config = EDGE,
  path = '/',
) {
  return decideGateway(request(authority, headers, path), connection('gateway'), contextOf(config));
}

describe('decideGateway', () => {
  it('colours a request that a rule matches and sends it to the lane', () => {
    expect(decide('www.example.com', { 'x-user': '7' })).toMatchObject({
      evidence: { lane: 'gray', rung: 'rule' },
      endpoint: { key: '10.0.1.2:8080' },
    });
    expect(decide('www.example.com')).toMatchObject({ subset: 'base', endpoint: { key: '10.0.1.1:8080' } });
  });

  it("does not ask another group's rules", () => {
    const config = { ...EDGE, groups: [group(['a', 'b', 'c', 'z'], { name: 'mine' })] };
    expect(decide('www.example.com', { 'x-user': '7' }, config).subset).toBe('base');
  });

  it('believes a tag from outside only where it is told to', () => {
    const tagged = { baggage: 'lane=gray' };
    expect(decide('www.example.com', tagged).subset).toBe('base');
    expect(decide('www.example.com', tagged, TRUSTING).subset).toBe('gray');
  });

  it('ignores two forged tags, and refuses them where tags are trusted', () => {
    const forged = { baggage: 'lane=gray,lane=green' };
    expect(decide('www.example.com', forged).subset).toBe('base');
    expect(decide('www.example.com', forged, TRUSTING).refusal?.code).toBe('ambiguous-tag');
  });

  it('refuses what no route matches, and a route to a service that is not there', () => {
    expect(decide('other.example.com').refusal?.code).toBe('no-route');
    expect(decide('gone.example.com').refusal).toMatchObject({
      code: 'no-endpoint',
      message: expect.stringContaining('port 80 of default/gone') as string,
    });
  });
});
