import { describe, expect, it } from 'vitest';
import type { DrainingChange } from './draining-pods.ts';
import { SharedDraining } from './shared-draining.ts';

const A = { uid: 'uid-a', pod: 'shop/a' };
const NOTED = new Map([[A.uid, A.pod]]);
const NOTHING = new Map<string, string>();

function start(gone: ReadonlySet<string> = new Set()) {
  const notes: (readonly [string, string | null])[] = [];
  const changes: DrainingChange[] = [];
  const draining = new SharedDraining({
    note: (uid, pod) => void notes.push([uid, pod]),
    isGone: ({ uid }) => gone.has(uid),
  });
  draining.subscribe((change) => void changes.push(change));
  return { draining, notes, changes };
}

describe('a pod that drains', () => {
  it('drains at once where it is heard, and is noted down', () => {
    const { draining, notes, changes } = start();
    draining.drains(A);
    expect(draining.has(A.uid)).toBe(true);
    expect(notes).toEqual([[A.uid, A.pod]]);
    draining.read(NOTED);
    expect(changes).toEqual([{ pod: A.pod, isDraining: true, heardHere: true }]);
  });

  it('drains where it is read, until its note is taken away', () => {
    const { draining, notes, changes } = start();
    draining.read(NOTED);
    draining.read(NOTED);
    draining.read(NOTHING);
    expect(draining.all().size).toBe(0);
    expect(notes).toEqual([]);
    expect(changes).toEqual([
      { pod: A.pod, isDraining: true, heardHere: false },
      { pod: A.pod, isDraining: false, heardHere: false },
    ]);
  });

  it('is not taken back by notes that are older than what was heard', () => {
    const { draining } = start();
    draining.drains(A);
    draining.read(NOTHING);
    expect(draining.has(A.uid)).toBe(true);
    draining.read(NOTED);
    draining.read(NOTHING);
    expect(draining.has(A.uid)).toBe(false);
  });

  it('serves again with a new sidecar, whoever noted it down and however late that is read', () => {
    const { draining, notes } = start();
    draining.read(NOTED);
    draining.serves(A);
    expect(draining.has(A.uid)).toBe(false);
    expect(notes).toEqual([[A.uid, null]]);
    draining.read(new Map([...NOTED, ['uid-b', 'shop/b']]));
    expect([...draining.all().keys()]).toEqual(['uid-b']);
  });

  it('that serves anyway is nothing to note down', () => {
    const { draining, notes } = start();
    draining.serves(A);
    draining.drains({ uid: 'no/uid', pod: 'shop/x' });
    expect(notes).toEqual([]);
    expect(draining.all().size).toBe(0);
  });

  it('is forgotten once it is gone, and its note taken away by who tidies up', () => {
    const gone = new Set<string>();
    const { draining, notes } = start(gone);
    draining.drains(A);
    draining.read(NOTED);
    draining.sweep(true);
    expect(draining.has(A.uid)).toBe(true);
    gone.add(A.uid);
    draining.sweep(false);
    expect(notes).toHaveLength(1);
    draining.sweep(true);
    expect(notes.at(-1)).toEqual([A.uid, null]);
    draining.read(NOTHING);
    expect(draining.all().size).toBe(0);
  });

  it('that is gone before its note was ever written is forgotten, too', () => {
    const gone = new Set([A.uid]);
    const { draining } = start(gone);
    draining.drains(A);
    draining.sweep(false);
    expect(draining.has(A.uid)).toBe(false);
  });
});
