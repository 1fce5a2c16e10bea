import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DrainingNotes } from './draining-notes.ts';
import type { DrainingChange } from './draining-pods.ts';
import { SharedDraining } from './shared-draining.ts';

const A = { uid: 'uid-a', pod: 'shop/a' };
const notes = (pods: Readonly<Record<string, string>>, version = Number.NaN): DrainingNotes => ({
  pods: new Map(Object.entries(pods)),
  version,
});
const NOTED = notes({ [A.uid]: A.pod });
const NOTHING = notes({});

function start(gone: ReadonlySet<string> = new Set()) {
  const noted: (readonly [string, string | null])[] = [];
  const changes: DrainingChange[] = [];
  const draining = new SharedDraining({
    note: (uid, pod) => void noted.push([uid, pod]),
    isGone: ({ uid }) => gone.has(uid),
  });
  draining.subscribe((change) => void changes.push(change));
  return { draining, noted, changes };
}

/** A map that several replicas write to, each change read by them in its turn, or only the last one of some. */
class SharedMap {
  readonly pods = new Map<string, string>();
  version = 100;

  write(written: ReadonlyMap<string, string | null>): number {
    for (const [uid, pod] of written) {
      if (pod === null) this.pods.delete(uid);
      else this.pods.set(uid, pod);
    }
    this.version += 1;
    return this.version;
  }

  get notes(): DrainingNotes {
    return { pods: new Map(this.pods), version: this.version };
  }
}

describe('a pod that drains', () => {
  it('drains at once where it is heard, and is noted down', () => {
    const { draining, noted, changes } = start();
    draining.drains(A);
    expect(draining.has(A.uid)).toBe(true);
    expect(noted).toEqual([[A.uid, A.pod]]);
    draining.read(NOTED);
    expect(changes).toEqual([{ pod: A.pod, isDraining: true, heardHere: true }]);
  });

  it('drains where it is read, until its note is taken away', () => {
    const { draining, noted, changes } = start();
    draining.read(NOTED);
    draining.read(NOTED);
    draining.read(NOTHING);
    expect(draining.all().size).toBe(0);
    expect(noted).toEqual([]);
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
    const { draining, noted } = start();
    draining.read(NOTED);
    draining.serves(A);
    expect(draining.has(A.uid)).toBe(false);
    expect(noted).toEqual([[A.uid, null]]);
    draining.read(notes({ [A.uid]: A.pod, 'uid-b': 'shop/b' }));
    expect([...draining.all().keys()]).toEqual(['uid-b']);
  });

  it('that serves anyway is nothing to note down', () => {
    const { draining, noted } = start();
    draining.serves(A);
    draining.drains({ uid: 'no/uid', pod: 'shop/x' });
    expect(noted).toEqual([]);
    expect(draining.all().size).toBe(0);
  });

  it('is forgotten once it is gone, and its note taken away by who tidies up', () => {
    const gone = new Set<string>();
    const { draining, noted } = start(gone);
    draining.drains(A);
    draining.read(NOTED);
    draining.sweep(true);
    expect(draining.has(A.uid)).toBe(true);
    gone.add(A.uid);
    draining.sweep(false);
    expect(noted).toHaveLength(1);
    draining.sweep(true);
    expect(noted.at(-1)).toEqual([A.uid, null]);
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

describe('replicas', () => {
  const steps = fc.array(
    fc.record({
      replica: fc.nat(2),
      uid: fc.constantFrom('uid-a', 'uid-b'),
      what: fc.constantFrom('drains', 'serves', 'reads', 'reads'),
    }),
    { maxLength: 40 },
  );

  it('agree in the end, on what was written last, whatever they have read meanwhile', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const map = new SharedMap();
        const replicas = [0, 1, 2].map(() => {
          const draining: SharedDraining = new SharedDraining({
            note: (uid, pod) => {
              const written = new Map([[uid, pod]]);
              draining.written(written, map.write(written));
            },
            isGone: () => false,
          });
          return draining;
        });
        for (const { replica, uid, what } of all) {
          const draining = replicas[replica];
          if (what === 'reads') draining?.read(map.notes);
          else draining?.[what]({ uid, pod: `shop/${uid}` });
          if (what !== 'reads') expect(draining?.has(uid)).toBe(what === 'drains');
        }
        for (const draining of replicas) draining.read(map.notes);
        for (const draining of replicas) expect(new Map(draining.all())).toEqual(map.pods);
      }),
    );
  });
});
