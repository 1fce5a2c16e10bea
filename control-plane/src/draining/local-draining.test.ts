import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SaidBy } from '../publish/presence.ts';
import { NODE } from '../testing/discovery-client.ts';
import { createLocalDraining } from './local-draining.ts';

const said = (address: string, peer = `${address}:41000`): SaidBy => ({
  node: { ...NODE, address },
  caller: undefined,
  peer,
});

describe('without an API server', () => {
  let told: string[][];
  const start = () => createLocalDraining({ tell: (all) => void told.push([...all]), forgetMs: 1_000 });

  beforeEach(() => {
    told = [];
    vi.useFakeTimers();
  });
  afterEach(() => void vi.useRealTimers());

  it('a workload is out from its sidecar’s word until a sidecar is there again', () => {
    const { presence } = start();
    presence.draining(said('10.0.0.1'));
    presence.draining(said('fd00::2'));
    presence.serving(said('10.0.0.1'));
    presence.serving(said('10.0.0.9'));
    expect(told).toEqual([['10.0.0.1'], ['10.0.0.1', 'fd00::2'], ['fd00::2']]);
  });

  it('no sidecar takes out what it does not connect from', () => {
    const { presence } = start();
    presence.draining(said('10.0.0.1', '10.0.0.2:41000'));
    presence.draining({ ...said('10.0.0.1'), node: NODE });
    expect(told).toEqual([]);
    presence.draining(said('10.0.0.1', '::ffff:10.0.0.1:41000'));
    expect(told).toEqual([['10.0.0.1']]);
  });

  it('an address that nobody speaks for any more is believed to be somebody else’s in the end', () => {
    const { presence } = start();
    presence.draining(said('10.0.0.1'));
    vi.advanceTimersByTime(1_000);
    expect(told.at(-1)).toEqual([]);
  });
});
