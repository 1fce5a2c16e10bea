import { describe, expect, it } from 'vitest';
import { compileNetworks } from '@lanekeeper/runtime/networks';
import { findClient } from './client-address.ts';

const isTrusted = compileNetworks(['10.0.0.0/8', 'fd00::/8']);

function client(peer: string, forwardedFor?: string) {
  return findClient(
    peer,
    { get: (name) => (name === 'x-forwarded-for' ? forwardedFor : undefined) },
    isTrusted,
  );
}

describe('the client of a request', () => {
  it.each([
    ['a stranger is himself, whatever he says', '203.0.113.7', '1.2.3.4', '203.0.113.7', false],
    ['the last that a trusted proxy names', '10.0.0.1', '203.0.113.7', '203.0.113.7', true],
    ['the last that is no trusted proxy', '10.0.0.1', '1.2.3.4, 203.0.113.7, 10.0.0.2', '203.0.113.7', true],
    ['the first where all are trusted', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3', true],
    ['the proxy itself where it says nothing', '10.0.0.1', undefined, '10.0.0.1', true],
    ['what is no address ends the list', '10.0.0.1', '1.2.3.4, unknown, 10.0.0.2', '10.0.0.2', true],
    ['ports are left out', '10.0.0.1', '203.0.113.7:4711', '203.0.113.7', true],
    ['brackets, too', 'fd00::1', '[2001:db8::7]:4711', '2001:db8::7', true],
    ['mapped addresses are IPv4', '::ffff:10.0.0.1', '203.0.113.7', '203.0.113.7', true],
  ])('%s', (_title, peer, forwardedFor, address, isForwarded) => {
    expect(client(peer, forwardedFor)).toMatchObject({ address, isForwarded });
  });
});
